import type { Place } from "./place.ts"

/** What hooks are shown of a call or request. It carries the place of the component that it is about, for `placeOf` alone. */
export abstract class Placed {
  readonly #place: Place | undefined
  constructor(place: Place | undefined) {
    this.#place = place
  }
  static placeOf(shown: object): Place | undefined {
    return #place in shown ? shown.#place : undefined
  }
}

/** The component that a hook was shown something of, as the server of the hook knows it. */
export const placeOf = (shown: object): Place | undefined => Placed.placeOf(shown)
