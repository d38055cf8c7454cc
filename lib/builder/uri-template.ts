import { DefinitionError } from "./errors.ts"
import { patternsOverlap } from "./uri-conflict.ts"
import { expandUri } from "./uri-expand.ts"
import { matchUri } from "./uri-match.ts"
import { schemeLength, splitTemplate, type UriParts } from "./uri-syntax.ts"

export type { UriVariables } from "./uri-template-types.ts"

/** One variable: `{id}` takes a segment, `{path*}` a path of several, `{?q}` an optional query value. */
export interface UriVariable {
  readonly name: string
  readonly kind: "segment" | "path" | "query"
}

/** A parsed resource URI, static or templated. */
export interface UriTemplate {
  readonly uri: string
  /** False for a URI without variables, which matches itself only. */
  readonly isTemplate: boolean
  /** In the order they are written. */
  readonly variables: ReadonlyArray<UriVariable>
  /** Number of literal characters; among templates that match one URI the larger number wins. */
  readonly literals: number
  /** Its literal texts and variables. */
  readonly parts: UriParts
  /**
   * Percent-decoded variables on an object without prototype, or undefined where the URI does not match. A malformed
   * escape, a query parameter the template does not name and one given twice are no match; `+` stays `+`.
   */
  readonly match: (uri: string) => Readonly<Record<string, string>> | undefined
  /** The percent-encoded URI for these variables (RFC 6570); a TypeError names one that is missing, empty or unknown. */
  readonly expand: (variables: Readonly<Record<string, string | undefined>>) => string
}

/**
 * Parses `scheme://…` with `{segment}`, `{path*}` and a final `{?a,b}`. Anything else in braces is a DefinitionError
 * that names `where`, the character and the fix.
 */
export const parseUriTemplate = (uri: string, where: string): UriTemplate => {
  const parts = splitTemplate(uri, where)
  const variables: ReadonlyArray<UriVariable> = [
    ...parts.variables,
    ...parts.query.map((name) => ({ name, kind: "query" as const }))
  ]
  return {
    uri,
    isTemplate: variables.length > 0,
    variables,
    parts,
    literals: parts.texts.reduce((sum, text) => sum + text.length, 0),
    match: (candidate) => matchUri(parts, candidate),
    expand: (values) => expandUri(parts, values)
  }
}

/** `scheme://rest` under a mount is `scheme://namespace/rest`, for URIs and templates alike. */
export const mountUri = (namespace: string, uri: string): string => {
  const start = schemeLength(uri)
  if (start === 0)
    throw new DefinitionError(`"${uri}" cannot be mounted: begin it with a scheme, as in "user://${uri}".`)
  return `${uri.slice(0, start)}${namespace}/${uri.slice(start)}`
}

/** Takes `mountUri` back; undefined where the URI does not belong to the namespace. */
export const unmountUri = (namespace: string, uri: string): string | undefined => {
  const start = schemeLength(uri)
  if (start === 0 || !uri.startsWith(`${namespace}/`, start)) return undefined
  return uri.slice(0, start) + uri.slice(start + namespace.length + 1)
}

/**
 * True when some URI matches both and neither takes precedence: an assembly error. A static URI always wins over a
 * template, so two static ones conflict only when equal.
 */
export const templatesConflict = (a: UriTemplate, b: UriTemplate): boolean => {
  if (a.uri === b.uri) return true
  if (!a.isTemplate || !b.isTemplate || a.literals !== b.literals) return false
  return patternsOverlap(a.parts, b.parts)
}
