import * as Effect from "effect/Effect"
import { ResourceNotFound, ToolError } from "../builder/errors.ts"
import type { Inner } from "../builder/transform.ts"
import { caller } from "./caller.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "./entry.ts"
import { entryOf } from "./make-entry.ts"
import { kindOfPlace } from "./listed.ts"
import { seenFrom } from "./listing.ts"
import type { Node } from "./node.ts"
import { type Place, typeOf } from "./place.ts"
import { servedOf } from "./versions.ts"

/** What a transform on a mount of `node` stands around, for the components that it adds. Nothing is prepared before it is used. */
export const innerOf = (places: ReadonlyArray<Place>, node: Node): Inner => {
  let prepared: ReadonlyArray<Place> | undefined
  const served = () => (prepared ??= servedOf(places))
  const list = <A>(kind: "tools" | "prompts" | "resources" | "templates") =>
    Effect.suspend(() =>
      seenFrom(
        node,
        kind,
        served().filter((place) => kindOfPlace(place) === kind)
      )
    ) as Effect.Effect<A, unknown, any>
  const entries = new Map<Place, Entry>()
  const entry = (place: Place): Entry => {
    const known = entries.get(place)
    if (known !== undefined) return known
    const made = entryOf(place, "", undefined)
    entries.set(place, made)
    return made
  }
  const found = (type: "tool" | "prompt", name: string): Effect.Effect<Entry, ToolError> =>
    Effect.flatMap(caller, (who) => {
      const place = served().find((one) => typeOf(one) === type && one.name === name)
      const known = place === undefined ? undefined : entry(place)
      return known === undefined || known.visible?.(who) === false
        ? Effect.fail(new ToolError(`There is no ${type} ${JSON.stringify(name)}.`))
        : Effect.succeed(known)
    })
  return {
    tools: list("tools"),
    prompts: list("prompts"),
    resources: list("resources"),
    templates: list("templates"),
    call: (name, args) => Effect.flatMap(found("tool", name), (tool) => (tool as ToolEntry).run(args)),
    get: (name, args) => Effect.flatMap(found("prompt", name), (prompt) => (prompt as PromptEntry).run(args)),
    read: (uri) =>
      Effect.flatMap(caller, (who) => {
        const resources = served()
          .filter((place) => typeOf(place) === "resource")
          .map((place) => entry(place) as ResourceEntry)
          .sort(
            (a, b) =>
              Number(a.template.isTemplate) - Number(b.template.isTemplate) || b.template.literals - a.template.literals
          )
        const resource = resources.find(({ template }) => template.match(uri) !== undefined)
        return resource === undefined || resource.visible?.(who) === false
          ? Effect.fail(new ResourceNotFound())
          : resource.run(uri)
      })
  }
}
