import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { type ResourceContents, toContents } from "../builder/contents.ts"
import { PublicError, ResourceNotFound } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import type { ReadResult, ResourceRead } from "../builder/middleware.ts"
import { screen } from "../builder/path-screening.ts"
import type { Resource } from "../builder/resource.ts"
import { timedOut } from "../builder/timeout.ts"
import { mountUri, parseUriTemplate, unmountUri } from "../builder/uri-template.ts"
import { compile, type Level, startOf } from "./chain.ts"
import { completionOf } from "./completion.ts"
import type { ResourceEntry } from "./entry.ts"
import { InvalidArguments } from "./invalid-arguments.ts"
import { idOf, localUri, mountedUri, requestHooksOf, rootUriOf } from "./names.ts"
import { ancestry, type Node } from "./node.ts"
import { timed } from "./timed.ts"

/** Assembles a resource or template of a node, with all middleware around it. */
export const resourceEntry = (resource: Resource.Any, node: Node): ResourceEntry => {
  const levels = ancestry(node).map((at) => levelOf(resource, at))
  const start = startOf(node)
  const uri = mountedUri(resource.uri, node)
  const run = compile(coreOf(resource, uri), "readResource", levels, start)
  return {
    type: "resource",
    id: idOf(resource, node),
    name: uri,
    node,
    component: resource,
    start,
    uriOf: rootUriOf(node),
    requestHooks: requestHooksOf(node, (at) => (uri) => localUri(uri, at)),
    template: parseUriTemplate(uri, `resource ${JSON.stringify(uri)}`),
    run: (asked) => Effect.map(run(asked), ({ contents }) => contents),
    complete: completionOf(resource, resource["~mcpipe/Component"].completions, node, start)
  }
}

const levelOf = (resource: Resource.Any, at: Node): Level<string, ReadResult> => {
  const { namespace } = at
  return {
    node: at,
    describe: (uri): ResourceRead => ({ uri, resource }),
    accept: (read: ResourceRead) => read.uri,
    enter: namespace === undefined ? undefined : (uri) => unmountUri(namespace, uri) ?? uri,
    leave:
      namespace === undefined
        ? undefined
        : ({ contents }, uri) => ({ contents: contents.map((item) => translate(item, namespace, uri)) })
  }
}

/** References, and contents under the URI that was asked for, move with the mount; URIs that point elsewhere stay. */
const translate = (item: ResourceContents, namespace: string, uri: string): ResourceContents => {
  const ref = contentRef(item)
  if (ref !== undefined) return withUri(item, mountUri(namespace, ref.uri))
  const own = unmountUri(namespace, uri)
  if (own === undefined) return item
  return item.uri === own || item.uri.startsWith(`${own}/`) ? { ...item, uri: mountUri(namespace, item.uri) } : item
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
