import { DefinitionError } from "./errors.ts"
import { schemeLength } from "./uri-syntax.ts"

/** A resource of this server by the URI it was defined with; mounts translate it to the URI clients see. */
export interface ResourceRef {
  readonly "~mcpipe/ResourceRef": true
  readonly uri: string
}

/** Refers to a resource, or with a template to a family of them; a DefinitionError where the URI has no scheme. */
export const resourceRef = (uri: string): ResourceRef => {
  if (typeof uri !== "string" || schemeLength(uri) === 0) {
    throw new DefinitionError(
      `Resource.ref(${JSON.stringify(uri)}): begin the URI with a scheme, as in "user://42/profile".`
    )
  }
  const ref: ResourceRef = { "~mcpipe/ResourceRef": true, uri }
  return Object.freeze(Object.defineProperty(ref, "toJSON", { value: refuseJson }))
}

/** In data nothing would translate it, and clients would see our marks. */
const refuseJson = (): never => {
  throw new TypeError("a Resource.ref stands in data; return Content.link(ref), or its uri")
}

/** Whether a value came from `Resource.ref`. */
export const isResourceRef = (u: unknown): u is ResourceRef =>
  typeof u === "object" && u !== null && (u as Partial<ResourceRef>)["~mcpipe/ResourceRef"] === true

const CARRIED = "~mcpipe/ref"

/** Lets a content value carry the ref its URI came from, unseen by JSON and by spreads. */
export const carryRef = <A extends object>(target: A, ref: ResourceRef | undefined): A =>
  ref === undefined ? target : Object.defineProperty(target, CARRIED, { value: ref })

/** The ref a content value carries. */
export const carriedRef = (target: object): ResourceRef | undefined => (target as { [CARRIED]?: ResourceRef })[CARRIED]
