import type { Running } from "../runtime/app.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** How many requests of one connection or session are in flight. */
export interface Places {
  taken: number
}

/** No requests yet. */
export const places = (): Places => ({ taken: 0 })

/** Those of all clients of an app, whatever carries them. */
interface AppPlaces extends Places {
  readonly full: Refusal
  readonly clientFull: Refusal
}

const apps = new WeakMap<Running, AppPlaces>()

const placesOf = (running: Running): AppPlaces => {
  let found = apps.get(running)
  if (found === undefined) {
    const { maxInFlight: all, maxInFlightPerSession: own } = running.assembly.limits
    found = {
      taken: 0,
      full: refusal(
        "overloaded",
        `This server has ${all} requests in flight, the most it takes at once: try again later.`,
        soon
      ),
      clientFull: refusal(
        "too-many-requests",
        `This client has ${own} requests in flight, the most it may have at once: wait for answers first.`,
        soon
      )
    }
    apps.set(running, found)
  }
  return found
}

/** Another try has a chance as soon as any request has ended. */
const soon = { headers: { "retry-after": "1" } }

/** Takes a place for one request until `leavePlace`, unless there is none: then gives why. `own` are those of its client. */
export const takePlace = (running: Running, own: Places | undefined): Refusal | undefined => {
  const all = placesOf(running)
  const { maxInFlight, maxInFlightPerSession } = running.assembly.limits
  if (own !== undefined && own.taken >= maxInFlightPerSession) return all.clientFull
  if (all.taken >= maxInFlight) return all.full
  all.taken++
  if (own !== undefined) own.taken++
  return undefined
}

export const leavePlace = (running: Running, own: Places | undefined): void => {
  placesOf(running).taken--
  if (own !== undefined) own.taken--
}
