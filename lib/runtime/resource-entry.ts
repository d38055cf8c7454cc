import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { type ResourceContents, toContents } from "../builder/contents.ts"
import { PublicError, ResourceNotFound } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import type { ReadResult, ResourceRead } from "../builder/middleware.ts"
import { screen } from "../builder/path-screening.ts"
import type { Resource } from "../builder/resource.ts"
import { timedOut } from "../builder/timeout.ts"
import { parseUriTemplate } from "../builder/uri-template.ts"
import { compile, Described, type Passage, type Start } from "./chain.ts"
import { completionOf } from "./completion.ts"
import type { ResourceEntry } from "./entry.ts"
import { entryBase } from "./entry-base.ts"
import { InvalidArguments } from "./invalid-arguments.ts"
import { movedUri, unmovedUri } from "./names.ts"
import type { Node } from "./node.ts"
import { originOf, type Place } from "./place.ts"
import { timed } from "./timed.ts"

/** Assembles a resource or template as the node of a place serves it, with all that stands around its handler. */
export const resourceEntry = (place: Place, id: string, start: Start): ResourceEntry => {
  // written out: spreading takes most of the time of assembling many
  const { node, visible, uriOf, requestHooks } = entryBase(place)
  const origin = originOf(place).component as Resource.Any
  const { name } = place
  const run = compile(coreOf(origin, name), place, start, passage)
  return {
    id,
    name: place.name,
    node,
    place,
    visible,
    start: start.node,
    uriOf,
    requestHooks,
    type: "resource",
    component: place.component as Resource.Any,
    template: parseUriTemplate(name, `resource ${JSON.stringify(name)}`),
    run: (asked) => Effect.map(run(asked), ({ contents }) => contents),
    complete: completionOf(origin["~mcpipe/Component"].completions, place, start)
  }
}

class Read extends Described implements ResourceRead {
  readonly uri: string
  readonly resource: Resource.Any
  constructor(place: Place, uri: string) {
    super(place)
    this.uri = uri
    this.resource = place.component as Resource.Any
  }
}

const passage: Passage<string, ReadResult> = {
  hook: "readResource",
  describe: (place) => (uri) => new Read(place, uri),
  accept: (read: ResourceRead) => read.uri,
  cross: (inner, from) => (uri) =>
    Effect.map(inner(unmovedUri(uri, from) ?? uri), ({ contents }) => ({
      contents: contents.map((item) => translate(item, from, uri))
    })),
  shaped: true
}

/** References, and contents under the URI that was asked for, move with the mount; URIs that point elsewhere stay. */
const translate = (item: ResourceContents, from: Node, uri: string): ResourceContents => {
  if (from.uriNamespace === undefined) return item
  const ref = contentRef(item)
  if (ref !== undefined) return withUri(item, movedUri(ref.uri, from))
  const own = unmovedUri(uri, from)
  if (own === undefined) return item
  return item.uri === own || item.uri.startsWith(`${own}/`) ? { ...item, uri: movedUri(item.uri, from) } : item
}

/** `name` is the URI or template as clients know it, for messages. */
const coreOf = (resource: Resource.Any, name: string) => {
  const subject = `resource ${JSON.stringify(name)}`
  const { invoke, template, params, screened } = resource["~mcpipe/Component"]
  const { mimeType, timeout } = resource
  return (uri: string): Effect.Effect<ReadResult, unknown, any> => {
    const found = template.match(uri)
    if (found === undefined) return Effect.fail(new ResourceNotFound())
    const refused = screened ? screen(template.variables, found) : undefined
    if (refused !== undefined) return Effect.fail(new ResourceNotFound(`{${refused.name}} ${refused.problem}`))
    let variables: unknown = found
    if (params !== undefined) {
      const decoded = decodeParams(params, found)
      if (!decoded.ok) {
        return Effect.fail(new InvalidArguments(formatIssues(`Invalid variables for ${subject}`, decoded.issues)))
      }
      variables = decoded.value
    }
    const called = Effect.map(invoke(variables), (value) => ({ contents: toContents(value, { uri, mimeType }) }))
    return timeout === undefined
      ? called
      : timed(called, timeout, () => new PublicError(timedOut(`The ${subject}`, timeout)))
  }
}

/** `params` describe some of the variables; the others stay the strings they are. */
const decodeParams = (
  params: NonNullable<Resource.Any["~mcpipe/Component"]["params"]>,
  found: Readonly<Record<string, string>>
): ReturnType<typeof params.decode> => {
  const described: Record<string, string> = {}
  const rest: Record<string, string> = {}
  const known = (params.jsonSchema["properties"] ?? {}) as Record<string, unknown>
  for (const name of Object.keys(found)) (Object.hasOwn(known, name) ? described : rest)[name] = found[name]!
  const decoded = params.decode(described)
  return decoded.ok ? { ok: true, value: { ...rest, ...decoded.value } } : decoded
}
