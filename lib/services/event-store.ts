import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DefinitionError } from "../builder/errors.ts"

/** One event of a stream as it is kept. */
export interface StoredEvent {
  /** Its place in the stream: each is one more than the one before. The first has 0 or 1. */
  readonly number: number
  /** The JSON-RPC message as JSON; the empty string for the event that only tells its id. */
  readonly text: string
  /** Whether the stream ends with it. */
  readonly last: boolean
}

/**
 * Events under session and stream, in the order they were appended. Names are at most 100 characters of visible ASCII. A store
 * that cannot be reached dies, it never pretends to be empty.
 */
export interface EventStoreShape {
  /** Whether other processes see what this one appends, so that a client can go on with its stream at any of them. */
  readonly shared: boolean
  /** Keeps an event. One process appends to a stream at a time, with rising numbers, and may not wait for one append before the next. */
  readonly append: (session: string, stream: string, event: StoredEvent) => Effect.Effect<void>
  /**
   * The kept events of a stream whose number is above `number`, oldest first; undefined where nothing of the stream is kept, or
   * no longer. Where a stream had more events than fit, the oldest are missing.
   */
  readonly after: (
    session: string,
    stream: string,
    number: number
  ) => Effect.Effect<ReadonlyArray<StoredEvent> | undefined>
  /** Forgets all streams of a session, if there are any. */
  readonly remove: (session: string) => Effect.Effect<void>
}

export interface MemoryEventsOptions {
  /** Events kept of one stream, at least 1; the oldest make room. Default 10,000. */
  readonly maxEvents?: number | undefined
  /** Memory for the events of one session in bytes, at least 1,024; its oldest make room. Default 4 MiB. */
  readonly maxSessionBytes?: number | undefined
  /** Memory for all events in bytes, at least 1,024; the streams written to longest ago make room. Default 64 MiB. */
  readonly maxBytes?: number | undefined
  /** Milliseconds after its last event for which a stream is kept, at least 1. Default 30 minutes. */
  readonly ttl?: number | undefined
}

/**
 * Keeps what was sent on the event streams of HTTP sessions, for clients that lost their connection and come back with
 * `Last-Event-ID` (2025-11-25 basic/transports, "Resumability and Redelivery"); in memory unless a layer on the root server
 * says otherwise.
 */
export class EventStore extends Context.Service<EventStore, EventStoreShape>()("mcpipe/EventStore") {
  declare readonly "~mcpipe/supplied": "app"

  /** Events in the memory of this process; a character takes 2 bytes, an event 100 more. Throws a DefinitionError for limits out of range. */
  static layerMemory(options: MemoryEventsOptions = {}): Layer.Layer<EventStore> {
    const limits: Limits = {
      maxEvents: limit("maxEvents", options.maxEvents, 10_000, 1),
      maxSessionBytes: limit("maxSessionBytes", options.maxSessionBytes, 4 * MIB, 1024),
      maxBytes: limit("maxBytes", options.maxBytes, 64 * MIB, 1024),
      ttl: limit("ttl", options.ttl, 1_800_000, 1)
    }
    return Layer.sync(EventStore, () => memoryEvents(limits))
  }
}

const MIB = 2 ** 20

const limit = (name: string, value: number | undefined, fallback: number, least: number): number => {
  if (value === undefined) return fallback
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new DefinitionError(`EventStore.layerMemory: ${name} is ${value}; use an integer of ${least} or more.`)
}

interface Limits {
  readonly maxEvents: number
  readonly maxSessionBytes: number
  readonly maxBytes: number
  readonly ttl: number
}

interface Kept {
  readonly name: string
  readonly owner: Owner
  readonly events: Array<StoredEvent>
  /** Milliseconds since 1970. */
  written: number
}

interface Owner {
  readonly id: string
  readonly streams: Map<string, Kept>
  bytes: number
}

const bytesOf = ({ text }: StoredEvent): number => 2 * text.length + 100

/** Room is made below the limit, so that the next events need not make it again. */
const headroom = 0.9

const memoryEvents = ({ maxEvents, maxSessionBytes, maxBytes, ttl }: Limits): EventStoreShape => {
  const owners = new Map<string, Owner>()
  let bytes = 0
  let swept = 0

  const shrink = (owner: Owner, by: number): void => {
    owner.bytes -= by
    bytes -= by
  }

  const dropOldest = ({ owner, events }: Kept): void => shrink(owner, bytesOf(events.shift()!))

  const drop = ({ name, owner, events }: Kept): void => {
    owner.streams.delete(name)
    shrink(
      owner,
      events.reduce((sum, event) => sum + bytesOf(event), 0)
    )
    if (owner.streams.size === 0) owners.delete(owner.id)
  }

  const byAge = (kept: Iterable<Kept>): Array<Kept> => [...kept].sort((one, other) => one.written - other.written)

  /** Looking at all of them takes time, so it is done ten times in a lifetime. */
  const sweep = (now: number): void => {
    if (now - swept < ttl / 10) return
    swept = now
    for (const { streams } of [...owners.values()]) {
      for (const kept of [...streams.values()]) if (kept.written + ttl <= now) drop(kept)
    }
  }

  const makeRoom = (current: Kept): void => {
    const { owner, events } = current
    if (events.length > maxEvents) dropOldest(current)
    if (owner.bytes > maxSessionBytes) {
      for (const kept of byAge(owner.streams.values())) {
        while (owner.bytes > headroom * maxSessionBytes && kept.events.length > (kept === current ? 1 : 0)) {
          dropOldest(kept)
        }
        if (kept.events.length === 0) drop(kept)
      }
    }
    if (bytes > maxBytes) {
      for (const kept of byAge([...owners.values()].flatMap(({ streams }) => [...streams.values()]))) {
        if (bytes <= headroom * maxBytes) break
        if (kept !== current) drop(kept)
      }
    }
  }

  const found = (session: string, stream: string, now: number): Kept | undefined => {
    const kept = owners.get(session)?.streams.get(stream)
    if (kept === undefined || kept.written + ttl > now) return kept
    drop(kept)
    return undefined
  }

  const made = (session: string, stream: string, now: number): Kept => {
    let owner = owners.get(session)
    if (owner === undefined) {
      owner = { id: session, streams: new Map(), bytes: 0 }
      owners.set(session, owner)
    }
    const kept: Kept = { name: stream, owner, events: [], written: now }
    owner.streams.set(stream, kept)
    return kept
  }

  return {
    shared: false,
    append: (session, stream, event) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        sweep(now)
        const kept = found(session, stream, now) ?? made(session, stream, now)
        kept.events.push(event)
        kept.written = now
        shrink(kept.owner, -bytesOf(event))
        makeRoom(kept)
      }),
    after: (session, stream, number) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        found(session, stream, now)?.events.filter((event) => event.number > number)
      ),
    remove: (session) =>
      Effect.sync(() => {
        for (const kept of [...(owners.get(session)?.streams.values() ?? [])]) drop(kept)
      })
  }
}
