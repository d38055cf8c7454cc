import type { BRAND } from "./brand.ts"
import type { Icon } from "./component.ts"
import type { ResourceRef } from "./resource-ref.ts"

/** Hints for clients on how to use a piece of content (MCP schema, "Annotations"). */
export interface ContentAnnotations {
  readonly audience?: ReadonlyArray<"user" | "assistant"> | undefined
  /** 0 (optional) to 1 (required). */
  readonly priority?: number | undefined
  /** ISO 8601. */
  readonly lastModified?: string | undefined
}

export interface ContentOptions {
  readonly annotations?: ContentAnnotations | undefined
  /** Sent as `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
}

interface Common {
  readonly annotations?: ContentAnnotations | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

export interface TextContent extends Common {
  readonly type: "text"
  readonly text: string
}

export interface ImageContent extends Common {
  readonly type: "image"
  /** Base64. */
  readonly data: string
  readonly mimeType: string
}

export interface AudioContent extends Common {
  readonly type: "audio"
  /** Base64. */
  readonly data: string
  readonly mimeType: string
}

interface ContentsFields {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** Text read from a resource. */
export interface TextContents extends ContentsFields {
  readonly text: string
  readonly blob?: never
}

/** Bytes read from a resource. */
export interface BlobContents extends ContentsFields {
  /** Base64. */
  readonly blob: string
  readonly text?: never
}

/** One item of a `resources/read` result, in wire shape. */
export type ResourceContents = TextContents | BlobContents

export interface EmbeddedContent extends Common {
  readonly type: "resource"
  readonly resource: ResourceContents
}

export interface LinkFields extends Common {
  readonly uri: string
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly mimeType?: string | undefined
  /** Bytes, before base64. */
  readonly size?: number | undefined
  readonly icons?: ReadonlyArray<Icon> | undefined
}

export interface LinkContent extends LinkFields {
  readonly type: "resource_link"
}

/** A content block in wire shape (MCP schema, "ContentBlock"). */
export type ContentBlock = TextContent | ImageContent | AudioContent | EmbeddedContent | LinkContent

/** The mark of content made by `Content`; nothing else is taken for content, so data that looks like a block stays data. */
export interface Branded {
  readonly "~mcpipe/Content": typeof BRAND
}

/** What `Content.embedded` embeds: text, or bytes given as such or as base64. */
export type Embeddable = {
  readonly uri: string | ResourceRef
  readonly mimeType?: string | undefined
} & (
  | { readonly text: string; readonly blob?: undefined }
  | { readonly blob: Uint8Array | string; readonly text?: undefined }
)
