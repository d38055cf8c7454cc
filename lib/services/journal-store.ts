import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DefinitionError } from "../builder/errors.ts"

/** A journal could not be stored, read or removed: it is larger than the whole store, or the store cannot be reached. */
export class JournalStoreError extends Data.TaggedError("JournalStoreError")<{
  readonly reason: "too-large" | "unavailable"
  readonly message: string
  readonly cause?: unknown
}> {}

export interface JournalStoreShape {
  /** Whether other processes see what this one puts, so that any of them can go on with a call. */
  readonly shared: boolean
  /** Stores text under an id for so many milliseconds, more than 0; replaces what was there, and its lifetime. */
  readonly put: (id: string, text: string, ttlMillis: number) => Effect.Effect<void, JournalStoreError>
  /** The text under an id; undefined where there is none, or none any more. */
  readonly get: (id: string) => Effect.Effect<string | undefined, JournalStoreError>
  /** Forgets the text under an id, if there is one. */
  readonly remove: (id: string) => Effect.Effect<void, JournalStoreError>
}

export interface MemoryJournalOptions {
  /** Journals kept at a time, at least 1. Default 1,000. */
  readonly maxEntries?: number | undefined
  /** Memory for journals in bytes, at least 1; a character of text or id takes 2. Default 64 MiB. */
  readonly maxBytes?: number | undefined
}

/** Keeps the journals of asking calls that are too large to travel with the client, from one round to the next. */
export class JournalStore extends Context.Service<JournalStore, JournalStoreShape>()("mcpipe/JournalStore") {
  declare readonly "~mcpipe/supplied": "app"

  /**
   * Journals in the memory of this process. Where they are too many, those written longest ago are forgotten, and their
   * calls have to start again. Throws a DefinitionError for limits that are no positive integers.
   */
  static layerMemory(options: MemoryJournalOptions = {}): Layer.Layer<JournalStore> {
    const maxEntries = limit("maxEntries", options.maxEntries ?? 1000)
    const maxBytes = limit("maxBytes", options.maxBytes ?? 64 * 2 ** 20)
    return Layer.sync(JournalStore, () => memoryStore(maxEntries, maxBytes))
  }
}

const limit = (name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new DefinitionError(`JournalStore.layerMemory: ${name} is ${value}; use an integer of 1 or more.`)
}

interface Entry {
  readonly text: string
  readonly bytes: number
  /** In milliseconds since 1970. */
  readonly expires: number
}

const memoryStore = (maxEntries: number, maxBytes: number): JournalStoreShape => {
  // In the order they were written
  const entries = new Map<string, Entry>()
  let total = 0

  const remove = (id: string): void => {
    total -= entries.get(id)?.bytes ?? 0
    entries.delete(id)
  }

  const makeRoom = (bytes: number, now: number): void => {
    const fits = () => entries.size < maxEntries && total + bytes <= maxBytes
    if (fits()) return
    // What has expired goes first, wherever it stands
    for (const [id, { expires }] of entries) if (expires <= now) remove(id)
    for (const id of entries.keys()) {
      if (fits()) return
      remove(id)
    }
  }

  return {
    shared: false,
    put: (id, text, ttlMillis) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const bytes = 2 * (id.length + text.length)
        if (bytes > maxBytes) return Effect.fail(tooLarge(bytes, maxBytes))
        remove(id)
        makeRoom(bytes, now)
        entries.set(id, { text, bytes, expires: now + ttlMillis })
        total += bytes
        return Effect.void
      }),
    get: (id) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const entry = entries.get(id)
        if (entry === undefined || entry.expires > now) return entry?.text
        remove(id)
        return undefined
      }),
    remove: (id) => Effect.sync(() => remove(id))
  }
}

const tooLarge = (bytes: number, maxBytes: number): JournalStoreError =>
  new JournalStoreError({
    reason: "too-large",
    message:
      `A journal of ${bytes} bytes does not fit into JournalStore.layerMemory, which holds ${maxBytes} bytes: ` +
      "raise maxBytes, or record less in the steps of the call."
  })
