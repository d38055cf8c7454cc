import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ComponentType } from "../builder/component.ts"
import { ResourceNotFound, ToolError } from "../builder/errors.ts"
import type { Inner } from "../builder/transform.ts"
import type { Caller } from "../builder/visibility.ts"
import { Changes, mountedChanges } from "../services/changes.ts"
import { caller } from "./caller.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { kindOfPlace, type ListKind } from "./listed.ts"
import { seenFrom } from "./listing.ts"
import { entryOf } from "./make-entry.ts"
import { mountedUri, movedUri, outerUriOf } from "./names.ts"
import type { Node } from "./node.ts"
import { type Place, typeOf } from "./place.ts"
import { nameKey, versionsOf } from "./versions.ts"

/**
 * What a transform on the mount `child` of `node` stands around, for the components that it adds. Nothing is prepared before
 * it is used.
 */
export const innerOf = (places: ReadonlyArray<Place>, child: Node, node: Node): Inner => {
  const list = <A>(kind: ListKind) => {
    const items = once(() =>
      seenFrom(
        node,
        kind,
        places.filter((place) => kindOfPlace(place) === kind)
      )
    )
    return Effect.suspend(items) as Effect.Effect<A, unknown, any>
  }
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
  const seen = (all: ReadonlyArray<Place> | undefined, who: Caller): Entry | undefined =>
    all?.map(entry).find(({ visible }) => visible === undefined || visible(who))
  const found = (type: ComponentType, name: string): Effect.Effect<Entry, ToolError> =>
    Effect.flatMap(caller, (who) => {
      const known = seen(versions().get(nameKey(type, name)), who)
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
  const resource = (uri: string, who: Caller): Entry | undefined => {
    for (const { all, template } of families()) {
      const known = template.match(uri) === undefined ? undefined : seen(all, who)
      if (known !== undefined) return known
    }
    return undefined
  }
  /** Its handler tells of changes of its own server's resources. */
  const within = <A>({ place }: Entry, run: Effect.Effect<A, unknown, any>): Effect.Effect<A, unknown, any> => {
    const local = outerUriOf(place)
    const uriOf = (uri: string) => mountedUri(movedUri(local?.(uri) ?? uri, child), node)
    return Effect.updateContext(run, (outer: Context.Context<any>) =>
      Context.add(outer, Changes, mountedChanges(Context.getUnsafe(outer, Changes), uriOf))
    )
  }
  return {
    tools: list("tools"),
    prompts: list("prompts"),
    resources: list("resources"),
    templates: list("templates"),
    call: (name, args) =>
      Effect.flatMap(found("tool", name), (tool) =>
        within(
          tool,
          Effect.suspend(() => (tool as ToolEntry).run(args))
        )
      ),
    get: (name, args) =>
      Effect.flatMap(found("prompt", name), (prompt) =>
        within(
          prompt,
          Effect.suspend(() => (prompt as PromptEntry).run(args))
        )
      ),
    read: (uri) =>
      Effect.flatMap(caller, (who) => {
        const known = resource(uri, who)
        return known === undefined
          ? Effect.fail(new ResourceNotFound())
          : within(
              known,
              Effect.suspend(() => (known as ResourceEntry).run(uri))
            )
      })
  }
}

const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => {
    if (made === undefined) made = { value: make() }
    return made.value
  }
}
