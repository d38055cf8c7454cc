import * as Effect from "effect/Effect"
import type { StoredEvent } from "../services/event-store.ts"
import type { Stores } from "./stores.ts"

type After = ReadonlyArray<StoredEvent> | undefined

/** The events of one session, as the app's `EventStore` keeps them. */
export class KeptEvents {
  readonly #stores: Stores
  readonly #session: string

  constructor(stores: Stores, session: string) {
    this.#stores = stores
    this.#session = session
  }

  /** Whether other processes see them. */
  get shared(): boolean {
    return this.#stores.events.shared
  }

  /** Keeps an event. A promise that never rejects where that takes time. One that cannot be kept is logged, and cannot be replayed. */
  append(stream: string, event: StoredEvent): Promise<void> | undefined {
    const { events, fork } = this.#stores
    const append = events.append(this.#session, stream, event)
    return fork("The EventStore did not keep an event, which cannot be replayed", append)
  }

  /** What is kept of a stream after a number; undefined where nothing is. Rejects, or throws, where the store cannot be reached. */
  after(stream: string, number: number): After | Promise<After> {
    const { events, now } = this.#stores
    return now(events.after(this.#session, stream, number))
  }

  /** Logs that a client came back to a stream too late for so many of its events. */
  missed(stream: string, count: number): void {
    const what = `A client went on with stream ${stream} of its session, ${count} of whose events the EventStore keeps no longer`
    this.#stores.fork("Events are lost", Effect.logWarning(what))
  }

  remove(): void {
    const { events, fork } = this.#stores
    fork("The EventStore did not forget the events of a session", events.remove(this.#session))
  }
}
