import type { Running } from "../runtime/app.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** Room for requests in flight, of all clients or of one. */
export interface Places {
  readonly most: number
  /** Why there is no place where none is left. */
  readonly full: Refusal
  taken: number
}

/** Another try has a chance as soon as any request has ended. */
const soon = { headers: { "retry-after": "1" } }

/** The places of one connection or session. */
export const peerPlaces = ({ assembly }: Running): Places => {
  const most = assembly.limits.maxInFlightPerSession
  const message = `This client has ${most} requests in flight, the most it may have at once: wait for answers first.`
  return { most, full: refusal("too-many-requests", message, soon), taken: 0 }
}

const all = new WeakMap<Running, Places>()

/** The places of an app, whatever carries its requests. */
const appPlaces = (running: Running): Places => {
  let places = all.get(running)
  if (places === undefined) {
    const most = running.assembly.limits.maxInFlight
    const message = `This server has ${most} requests in flight, the most it takes at once: try again later.`
    places = { most, full: refusal("overloaded", message, soon), taken: 0 }
    all.set(running, places)
  }
  return places
}

/** Takes a place for one request until `leavePlace`, unless there is none: then gives why. `own` are those of its client. */
export const takePlace = (running: Running, own: Places | undefined): Refusal | undefined => {
  const shared = appPlaces(running)
  if (own !== undefined && own.taken >= own.most) return own.full
  if (shared.taken >= shared.most) return shared.full
  shared.taken++
  if (own !== undefined) own.taken++
  return undefined
}

export const leavePlace = (running: Running, own: Places | undefined): void => {
  appPlaces(running).taken--
  if (own !== undefined) own.taken--
}
