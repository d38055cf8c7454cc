import * as Effect from "effect/Effect"
import type { Component } from "../builder/component.ts"
import { isPublicError, ResourceNotFound, ToolError } from "../builder/errors.ts"
import type { Inner } from "../builder/transform.ts"
import { callOf } from "../services/current-call.ts"
import { caller } from "./caller.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { messageOf } from "./failure.ts"
import { aroundInner } from "./inner-request.ts"
import { entryOf } from "./make-entry.ts"
import { kindOfPlace } from "./listed.ts"
import { seenFrom } from "./listing.ts"
import { localUri, mountedUri, movedUri } from "./names.ts"
import type { Node } from "./node.ts"
import { mountedPlace, type Place, typeOf } from "./place.ts"
import { shows } from "./session-rules.ts"
import { servedOf } from "./versions.ts"

/**
 * What a transform on the mount of `child` on `node` stands around, for the components that it adds. Nothing is prepared
 * before it is used.
 */
export const innerOf = (places: ReadonlyArray<Place>, child: Node, node: Node): Inner => {
  let prepared: ReadonlyArray<Place> | undefined
  const served = () => (prepared ??= servedOf(places))
  // sessions switch components by the names that servers further out know, too
  const outermost = new Map<Place, Place>()
  const shown: Effect.Effect<(place: Place) => boolean> = Effect.map(Effect.context<never>(), (context) => {
    const switches = callOf(context)?.visibility
    const rules = typeof switches === "object" ? switches.rules() : []
    return (place) => {
      const outer = outermost.get(place) ?? outwards(place, child)
      outermost.set(place, outer)
      return shows(rules, outer)
    }
  })
  const asker = Effect.all({ who: caller, isShown: shown })
  const list = <A>(kind: "tools" | "prompts" | "resources" | "templates") =>
    Effect.flatMap(shown, (isShown) =>
      seenFrom(
        node,
        kind,
        served().filter((place) => kindOfPlace(place) === kind && isShown(place))
      )
    ) as Effect.Effect<ReadonlyArray<A>, unknown, any>
  const entries = new Map<Place, Entry>()
  const entry = (place: Place): Entry => {
    const known = entries.get(place)
    if (known !== undefined) return known
    const made = entryOf(place, "", undefined)
    entries.set(place, made)
    return made
  }
  let names: ReadonlyMap<string, Place> | undefined
  const named = (type: "tool" | "prompt", name: string): Place | undefined => {
    names ??= new Map(served().map((place) => [`${typeOf(place)} ${place.name}`, place]))
    return names.get(`${type} ${name}`)
  }
  let sorted: ReadonlyArray<ResourceEntry> | undefined
  const resources = () => (sorted ??= sortedResources(served(), entry))
  const found = (type: "tool" | "prompt", name: string): Effect.Effect<Entry, ToolError> =>
    Effect.flatMap(asker, ({ who, isShown }) => {
      const place = named(type, name)
      const known = place === undefined ? undefined : entry(place)
      return known === undefined || !isShown(known.place) || known.visible?.(who) === false
        ? Effect.fail(new ToolError(`There is no ${type} ${JSON.stringify(name)}.`))
        : Effect.succeed(known)
    })
  return {
    tools: list("tools"),
    prompts: list("prompts"),
    resources: list("resources"),
    templates: list("templates"),
    call: (name, args) =>
      Effect.flatMap(found("tool", name), (tool) => {
        const run = Effect.suspend(() => (tool as ToolEntry).run(args))
        return declared(aroundInner(run, tool, node, "tools/call", { name, arguments: args }), tool.component)
      }),
    get: (name, args) =>
      Effect.flatMap(found("prompt", name), (prompt) => {
        const run = Effect.suspend(() => (prompt as PromptEntry).run(args))
        return declared(aroundInner(run, prompt, node, "prompts/get", { name, arguments: args }), prompt.component)
      }),
    read: (uri) =>
      Effect.flatMap(asker, ({ who, isShown }) => {
        const resource = resources().find(({ template }) => template.match(uri) !== undefined)
        return resource === undefined || !isShown(resource.place) || resource.visible?.(who) === false
          ? Effect.fail(new ResourceNotFound())
          : declared(
              aroundInner(resource.run(uri), resource, node, "resources/read", { uri: mountedUri(uri, child) }),
              resource.component
            )
      }),
    outside: (uri) => mountedUri(uri, child),
    inside: (uri) => localUri(uri, child)
  }
}

/** Static resources first, then templates, most literal characters first. */
const sortedResources = (served: ReadonlyArray<Place>, entry: (place: Place) => Entry): ReadonlyArray<ResourceEntry> =>
  served
    .filter((place) => typeOf(place) === "resource")
    .map((place) => entry(place) as ResourceEntry)
    .sort(
      (a, b) =>
        Number(a.template.isTemplate) - Number(b.template.isTemplate) || b.template.literals - a.template.literals
    )

/** A component of a child as the servers around it would know it, were nothing but namespaces between them. */
const outwards = (place: Place, child: Node): Place => {
  const { parent, namespace } = child
  if (parent === undefined) return place
  const moved = namespace === undefined ? place.name : `${namespace}_${place.name}`
  const name = typeOf(place) === "resource" ? movedUri(place.name, child) : moved
  return outwards(mountedPlace(place, parent, name, child), parent)
}

/** What a component lets clients see of its failures, whoever called it. */
const declared = <A>(called: Effect.Effect<A, unknown, any>, component: Component): Effect.Effect<A, unknown, any> => {
  const { errors } = component["~mcpipe/Component"]
  if (errors.length === 0) return called
  return Effect.mapError(called, (error) =>
    error instanceof Error && !isPublicError(error) && errors.some((known) => error instanceof known)
      ? new ToolError(messageOf(error), { cause: error })
      : error
  )
}
