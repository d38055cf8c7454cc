import { type Start, startOf } from "./chain.ts"
import type { Entry } from "./entry.ts"
import { type Place, typeOf } from "./place.ts"
import { promptEntry } from "./prompt-entry.ts"
import { resourceEntry } from "./resource-entry.ts"
import { toolEntry } from "./tool-entry.ts"

/** Prepares what a place serves. */
export const entryOf = (place: Place, id: string, start: Start = startOf(place)): Entry => {
  switch (typeOf(place)) {
    case "tool":
      return toolEntry(place, id, start)
    case "prompt":
      return promptEntry(place, id, start)
    case "resource":
      return resourceEntry(place, id, start)
  }
}
