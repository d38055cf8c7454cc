import { toBase64 } from "./base64.ts"
import { BRAND, brandPrototype } from "./brand.ts"
import { isContent } from "./content.ts"
import type { ResourceContents } from "./content-types.ts"
import { jsonText, unserializable } from "./json-text.ts"
import { carryRef, isResourceRef, type ResourceRef, resourceRef } from "./resource-ref.ts"
import { isToolResult } from "./tool-result.ts"

export type { BlobContents, ResourceContents, TextContents } from "./content-types.ts"

export interface ReadOptions {
  /** Where this part lives. Default: the URI being read. */
  readonly uri?: string | ResourceRef | undefined
  /** Default: the resource's, then one that suits the kind of value. */
  readonly mimeType?: string | undefined
  /** Sent as `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
}

/** One part of what a resource holds, made by `Resource.text`, `Resource.blob` or `Resource.json`. */
export interface ResourcePart extends ReadOptions {
  readonly "~mcpipe/ResourcePart": typeof BRAND
  readonly kind: "text" | "blob" | "json"
  /** The text, or base64 for a blob. */
  readonly data: string
}

/** Says what a resource's handler returns, and refers to resources. */
export const Resource = {
  /** Refers to a resource by the URI it was defined with; mounts translate it. A DefinitionError without a scheme. */
  ref: resourceRef,

  /** Text, `text/plain` by default. */
  text: (text: string, options?: ReadOptions): ResourcePart => {
    if (typeof text !== "string") throw new TypeError(`Resource.text: give a string, not ${typeof text}.`)
    return part("text", text, options)
  },

  /** Bytes, or base64 of them, `application/octet-stream` by default; a TypeError where a string is not base64. */
  blob: (data: Uint8Array | string, options?: ReadOptions): ResourcePart =>
    part("blob", toBase64(data, "Resource.blob"), options),

  /** JSON text of a value, `application/json` by default; an UnserializableResult where there is none. */
  json: (value: unknown, options?: ReadOptions): ResourcePart => part("json", jsonText(value), options)
}

/** Whether a value was made by `Resource.text`, `.blob` or `.json`. */
export const isResourcePart = (u: unknown): u is ResourcePart =>
  typeof u === "object" && u !== null && (u as Partial<ResourcePart>)["~mcpipe/ResourcePart"] === BRAND

/** What every part gets unless it says otherwise. */
export interface ContentsDefaults {
  readonly uri: string
  readonly mimeType?: string | undefined
}

/**
 * The `contents` of a `resources/read` result, from what a handler returned: a string is text, bytes are a blob, parts
 * are themselves, alone or in a non-empty array, and any other JSON value is its JSON text. An UnserializableResult
 * names what cannot be sent, `undefined` included. A part whose `uri` is a ref carries it (`contentRef`).
 */
export const toContents = (value: unknown, defaults: ContentsDefaults): ReadonlyArray<ResourceContents> => {
  if (typeof value === "string") return [contentsOf("text", value, {}, defaults)]
  if (value instanceof Uint8Array) return [contentsOf("blob", toBase64(value, defaults.uri), {}, defaults)]
  if (isResourcePart(value)) return [contentsOf(value.kind, value.data, value, defaults)]
  if (Array.isArray(value) && consistsOfParts(value)) {
    return value.map((item: ResourcePart) => contentsOf(item.kind, item.data, item, defaults))
  }
  refuseStrangers(value)
  return [contentsOf("json", jsonText(value), {}, defaults)]
}

class Part {
  readonly kind: ResourcePart["kind"]
  readonly data: string
  constructor(kind: ResourcePart["kind"], data: string, options: ReadOptions) {
    this.kind = kind
    this.data = data
    Object.assign(this, options)
  }
}
brandPrototype(Part, "~mcpipe/ResourcePart")

const part = (kind: ResourcePart["kind"], data: string, { uri, mimeType, meta }: ReadOptions = {}): ResourcePart => {
  if (meta !== undefined) jsonText(meta)
  return Object.freeze(new Part(kind, data, { uri, mimeType, meta })) as ResourcePart
}

const MIME_TYPES = { text: "text/plain", blob: "application/octet-stream", json: "application/json" }

const contentsOf = (
  kind: ResourcePart["kind"],
  data: string,
  options: ReadOptions,
  defaults: ContentsDefaults
): ResourceContents => {
  const ref = isResourceRef(options.uri) ? options.uri : undefined
  const uri = ref?.uri ?? (options.uri as string | undefined) ?? defaults.uri
  const mimeType = options.mimeType ?? defaults.mimeType ?? MIME_TYPES[kind]
  const contents = kind === "blob" ? { uri, mimeType, blob: data } : { uri, mimeType, text: data }
  return carryRef(options.meta === undefined ? contents : { ...contents, _meta: options.meta }, ref)
}

/** False for data; an array with both parts and data is an error. */
const consistsOfParts = (items: ReadonlyArray<unknown>): boolean => {
  let count = 0
  for (const item of items) {
    if (isResourcePart(item)) count++
    else if (isContent(item) || item instanceof Uint8Array) {
      throw unserializable(
        `$[${items.indexOf(item)}]`,
        "cannot stand in an array; wrap it in Resource.text or Resource.blob"
      )
    }
  }
  if (count > 0 && count < items.length) {
    const odd = items.findIndex((item) => !isResourcePart(item))
    throw unserializable(
      `$[${odd}]`,
      "is not made by Resource, though other items are; wrap it in Resource.text, .blob or .json"
    )
  }
  return count > 0
}

const refuseStrangers = (value: unknown): void => {
  if (value === undefined) {
    throw unserializable("$", 'is undefined; return the contents, "" for an empty resource, or throw if there is none')
  }
  if (isContent(value)) throw unserializable("$", "is made by Content; resources return Resource.text or Resource.blob")
  if (isToolResult(value))
    throw unserializable("$", "is a tool result; resources return Resource.text or Resource.blob")
}
