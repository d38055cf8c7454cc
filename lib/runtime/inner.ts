import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Component, ComponentType } from "../builder/component.ts"
import { isPublicError, ResourceNotFound, ToolError } from "../builder/errors.ts"
import type { Inner } from "../builder/transform.ts"
import type { Caller } from "../builder/visibility.ts"
import { Changes, mountedChanges } from "../services/changes.ts"
import { callOf } from "../services/current-call.ts"
import { caller } from "./caller.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { messageOf } from "./failure.ts"
import { aroundInner } from "./inner-request.ts"
import { kindOfPlace, type ListKind } from "./listed.ts"
import { seenFrom } from "./listing.ts"
import { entryOf } from "./make-entry.ts"
import { mountedUri, movedUri, outerUriOf, uriOn } from "./names.ts"
import { type Node, pathOf } from "./node.ts"
import { mountedPlace, type Place, typeOf } from "./place.ts"
import { shows } from "./session-rules.ts"
import { nameKey, versionsOf } from "./versions.ts"

/**
 * What a transform on the mount `child` of `node` stands around, for the components that it adds. Nothing is prepared before
 * it is used.
 */
export const innerOf = (places: ReadonlyArray<Place>, child: Node, node: Node): Inner => {
  // sessions switch components by the names that servers further out know, too
  const outermost = new Map<Place, Place>()
  const outside = (place: Place): Place => {
    let outer = outermost.get(place)
    if (outer === undefined) {
      outer = outwards(place, child)
      outermost.set(place, outer)
    }
    return outer
  }
  const asker: Effect.Effect<Asker> = Effect.map(Effect.all([caller, Effect.context<never>()]), ([who, context]) => {
    const switches = callOf(context)?.visibility
    const rules = typeof switches === "object" ? switches.rules() : []
    return { who, isShown: (place) => shows(rules, outside(place)) }
  })
  const list = <A>(kind: ListKind) =>
    Effect.flatMap(asker, ({ isShown }) =>
      seenFrom(
        node,
        kind,
        places.filter((place) => kindOfPlace(place) === kind && isShown(place))
      )
    ) as Effect.Effect<ReadonlyArray<A>, unknown, any>
  const entries = new Map<Place, Entry>()
  const entry = (place: Place): Entry => {
    let known = entries.get(place)
    if (known === undefined) {
      known = entryOf(place, "", { node, inside: true })
      entries.set(place, known)
    }
    return known
  }
  const versions = once(() => versionsOf(places))
  /** The highest version that a caller may see. */
  const seen = (all: ReadonlyArray<Place> | undefined, { who, isShown }: Asker): Entry | undefined =>
    all?.map(entry).find(({ visible, place }) => isShown(place) && (visible === undefined || visible(who)))
  const found = (type: ComponentType, name: string): Effect.Effect<Entry, ToolError> =>
    Effect.flatMap(asker, (asks) => {
      const known = seen(versions().get(nameKey(type, name)), asks)
      return known === undefined
        ? Effect.fail(new ToolError(`There is no ${type} ${JSON.stringify(name)}.`))
        : Effect.succeed(known)
    })
  const families = once(() =>
    [...versions().values()]
      .filter(([first]) => typeOf(first!) === "resource")
      .map((all) => ({ all, template: (entry(all[0]!) as ResourceEntry).template }))
      .sort(
        (a, b) =>
          Number(a.template.isTemplate) - Number(b.template.isTemplate) || b.template.literals - a.template.literals
      )
  )
  const resource = (uri: string, asks: Asker): Entry | undefined => {
    for (const { all, template } of families()) {
      const known = template.match(uri) === undefined ? undefined : seen(all, asks)
      if (known !== undefined) return known
    }
    return undefined
  }
  /** Its handler tells of changes of its own server's resources, through the hooks further in. */
  const within = <A>(
    known: Entry,
    run: Effect.Effect<A, unknown, any>,
    method: string,
    params: Readonly<Record<string, unknown>>,
    uri?: string
  ): Effect.Effect<A, unknown, any> => {
    const local = outerUriOf(known.place)
    const uriOf = (uri: string) => mountedUri(movedUri(local?.(uri) ?? uri, child), node)
    const told = Effect.updateContext(run, (outer: Context.Context<any>) =>
      Context.add(outer, Changes, mountedChanges(Context.getUnsafe(outer, Changes), uriOf))
    )
    const { type, place } = known
    const { version } = place.component
    const key = `${pathOf(child).join("/")}/${type}:${place.name}@${version ?? ""}`
    const called = { key, type, name: outside(place).name, version, uri }
    return declared(aroundInner(told, known, node, method, params, called), known.component)
  }
  return {
    tools: list("tools"),
    prompts: list("prompts"),
    resources: list("resources"),
    templates: list("templates"),
    call: (name, args) =>
      Effect.flatMap(found("tool", name), (tool) => {
        const run = Effect.suspend(() => (tool as ToolEntry).run(args))
        return within(tool, run, "tools/call", { name, arguments: args })
      }),
    get: (name, args) =>
      Effect.flatMap(found("prompt", name), (prompt) => {
        const run = Effect.suspend(() => (prompt as PromptEntry).run(args))
        return within(prompt, run, "prompts/get", { name, arguments: args })
      }),
    read: (uri) =>
      Effect.flatMap(asker, (asks) => {
        const known = resource(uri, asks)
        if (known === undefined) return Effect.fail(new ResourceNotFound())
        const run = Effect.suspend(() => (known as ResourceEntry).run(uri))
        return within(known, run, "resources/read", { uri }, mountedUri(uri, child))
      }),
    outside: (uri) => mountedUri(uri, child),
    inside: (uri) => uriOn(uri, child)
  }
}

interface Asker {
  readonly who: Caller
  /** Whether the session of this fiber sees a component. */
  readonly isShown: (place: Place) => boolean
}

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

const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => {
    if (made === undefined) made = { value: make() }
    return made.value
  }
}
