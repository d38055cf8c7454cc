import type { Entry } from "./entry.ts"
import type { Node } from "./node.ts"
import { type Place, typeOf } from "./place.ts"
import { promptEntry } from "./prompt-entry.ts"
import { resourceEntry } from "./resource-entry.ts"
import { toolEntry } from "./tool-entry.ts"
import { startOf } from "./chain.ts"

/** Prepares what a place serves. `start`: the node whose context its calls begin in; undefined where that is outside of all of its own. */
export const entryOf = (place: Place, id: string, start: Node | undefined = startOf(place)): Entry => {
  switch (typeOf(place)) {
    case "tool":
      return toolEntry(place, id, start)
    case "prompt":
      return promptEntry(place, id, start)
    case "resource":
      return resourceEntry(place, id, start)
  }
}
