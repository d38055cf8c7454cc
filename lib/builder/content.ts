import { toBase64 } from "./base64.ts"
import { BRAND, brandPrototype } from "./brand.ts"
import type {
  Branded,
  ContentBlock,
  ContentOptions,
  Embeddable,
  LinkContent,
  LinkFields,
  ResourceContents
} from "./content-types.ts"
import { jsonText } from "./json-text.ts"
import { mimeTypeOf } from "./mime-type.ts"
import { carriedRef, carryRef, isResourceRef, type ResourceRef, resourceRef } from "./resource-ref.ts"
import { parseUriTemplate, type UriVariables } from "./uri-template.ts"

export type * from "./content-types.ts"

/** A resource to link to, by the component itself or in wire shape. */
export interface LinkTarget<Uri extends string = string> extends Omit<LinkFields, "uri"> {
  readonly uri: Uri
}

export interface LinkOptions<Uri extends string = string> extends ContentOptions {
  /** Values for a template's variables. */
  readonly variables?: UriVariables<Uri> | undefined
  /** Default: the resource's name, or for a ref the last segment of its URI. */
  readonly name?: string | undefined
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly mimeType?: string | undefined
}

/** A piece of content made by `Content`. */
export type Content = ContentBlock & Branded

/** Makes the pieces a tool result or prompt message consists of. */
export const Content = {
  /** Text for the model. */
  text: (text: string, options?: ContentOptions): Content => {
    if (typeof text !== "string") throw new TypeError(`Content.text: give a string, not ${typeof text}.`)
    return options === undefined ? Object.freeze(textBlock(text)) : block({ type: "text", text }, options)
  },

  /** An image from bytes or base64; a TypeError where a string is not base64. */
  image: (data: Uint8Array | string, mimeType: string, options?: ContentOptions): Content =>
    block({ type: "image", data: toBase64(data, "Content.image"), mimeType }, options),

  /** Sound from bytes or base64; a TypeError where a string is not base64. */
  audio: (data: Uint8Array | string, mimeType: string, options?: ContentOptions): Content =>
    block({ type: "audio", data: toBase64(data, "Content.audio"), mimeType }, options),

  /**
   * A file, embedded as `file:///name`: a string is its text, a Uint8Array its bytes.
   * `mimeType` defaults by extension, then to `text/plain` or `application/octet-stream`.
   */
  file: (
    file: { readonly name: string; readonly mimeType?: string | undefined; readonly data: string | Uint8Array },
    options?: ContentOptions
  ): Content => {
    const { name, data } = file
    const uri = `file:///${encodeURIComponent(name)}`
    const mimeType = file.mimeType ?? mimeTypeOf(name, typeof data === "string")
    const resource =
      typeof data === "string"
        ? { uri, mimeType, text: data }
        : { uri, mimeType, blob: toBase64(data, `Content.file "${name}"`) }
    return block({ type: "resource", resource: Object.freeze(resource) }, options)
  },

  /** A resource's contents, sent along; `uri` may be a `Resource.ref`, which mounts translate. */
  embedded: (embeddable: Embeddable, options?: ContentOptions): Content => {
    const { mimeType, text, blob } = embeddable
    const ref = isResourceRef(embeddable.uri) ? embeddable.uri : undefined
    const uri = ref?.uri ?? (embeddable.uri as string)
    const base = mimeType === undefined ? { uri } : { uri, mimeType }
    if ((text === undefined) === (blob === undefined)) {
      throw new TypeError(`Content.embedded "${uri}": give either text or blob.`)
    }
    const resource: ResourceContents =
      blob === undefined ? { ...base, text: text! } : { ...base, blob: toBase64(blob, `Content.embedded "${uri}"`) }
    return block({ type: "resource", resource: Object.freeze(resource) }, options, ref)
  },

  /**
   * A link to a resource: a `Resource.ref` or resource component, which mounts translate, or a finished
   * `{ uri, name, … }`, which stays as it is. Fill a template with `variables`.
   */
  link: <const Uri extends string>(target: ResourceRef | LinkTarget<Uri>, options: LinkOptions<Uri> = {}): Content => {
    const own = isResourceRef(target) || "~mcpipe/Component" in target
    const uri = expanded(target.uri, options.variables as Variables | undefined)
    const given: Partial<LinkFields> = isResourceRef(target) ? {} : target
    const link = {
      type: "resource_link",
      uri,
      name: options.name ?? (own && (given.name ?? target.uri) === target.uri ? lastSegment(uri) : given.name)
    } as Mutable<LinkContent>
    for (const field of ["title", "description", "mimeType"] as const) {
      const value = options[field] ?? given[field]
      if (value !== undefined) link[field] = value
    }
    if (given.size !== undefined) link.size = given.size
    if (given.icons !== undefined) link.icons = given.icons
    const meta = options.meta ?? given._meta
    const ref = own ? resourceRef(uri) : undefined
    return block(link, { annotations: options.annotations ?? given.annotations, meta }, ref)
  }
}

/** Whether a value was made by `Content`. */
export const isContent = (u: unknown): u is Content =>
  typeof u === "object" && u !== null && (u as Partial<Content>)["~mcpipe/Content"] === BRAND

/** The ref a link, embedded resource or part of a resource was made from. */
export const contentRef = (content: ContentBlock | ResourceContents): ResourceRef | undefined => carriedRef(content)

/** The same at another URI, to which a ref it carries moves too; content without a URI comes back as it is. */
export const withUri = <C extends Content | ResourceContents>(content: C, uri: string): C => {
  const ref = carriedRef(content) === undefined ? undefined : resourceRef(uri)
  if (!isContent(content)) return carryRef({ ...content, uri }, ref)
  if (content.type === "resource_link") return block({ ...content, uri }, undefined, ref) as C
  if (content.type !== "resource") return content
  return block({ ...content, resource: Object.freeze({ ...content.resource, uri }) }, undefined, ref) as C
}

/**
 * Text that is not frozen: results made from a plain string, where freezing would be three quarters of the cost.
 */
export const textBlock = (text: string): Content => new TextBlock(text) as TextBlock & Branded

type Mutable<A> = { -readonly [K in keyof A]: A[K] }
type Variables = Readonly<Record<string, string | undefined>>

class Block {
  constructor(fields: object) {
    Object.assign(this, fields)
  }
}
class TextBlock {
  readonly type = "text"
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
brandPrototype(Block, "~mcpipe/Content")
brandPrototype(TextBlock, "~mcpipe/Content")

const block = (fields: ContentBlock, options: ContentOptions | undefined, ref?: ResourceRef): Content => {
  const made = new Block(fields) as Mutable<Content>
  if (options?.annotations !== undefined) made.annotations = checkedAnnotations(options.annotations)
  if (options?.meta !== undefined) {
    jsonText(options.meta)
    made._meta = options.meta
  }
  return Object.freeze(carryRef(made, ref))
}

const checkedAnnotations = (annotations: NonNullable<ContentOptions["annotations"]>) => {
  const { priority } = annotations
  if (priority !== undefined && !(priority >= 0 && priority <= 1)) {
    throw new TypeError(`Content annotations: priority is ${priority}; it must be between 0 and 1.`)
  }
  return annotations
}

const expanded = (uri: string, variables: Variables | undefined): string =>
  variables === undefined && !uri.includes("{") ? uri : parseUriTemplate(uri, "Content.link").expand(variables ?? {})

const lastSegment = (uri: string): string => {
  const path = uri.slice(uri.indexOf("://") + 3).replace(/[?#].*$/, "")
  const last = path.split("/").findLast((segment) => segment !== "")
  if (last === undefined) return uri
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
