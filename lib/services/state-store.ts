import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DefinitionError } from "../builder/errors.ts"

/** A text as it is kept. */
export interface StoredText {
  readonly text: string
  /** Changes with every `put`, and never comes again under the same key. */
  readonly version: string
}

/** Texts under keys, each with an end; a store that cannot be reached dies, it never pretends to be empty. */
export interface StateStoreShape {
  /** What is kept under a key; undefined where nothing is, or no longer. */
  readonly get: (key: string) => Effect.Effect<StoredText | undefined>
  /**
   * Keeps a text for `ttlMillis` from now, if what is there has the `expected` version, or nothing is there where that is
   * undefined; false, and nothing changes, where that is not so. No other `put` of the key comes between.
   */
  readonly put: (key: string, text: string, expected: string | undefined, ttlMillis: number) => Effect.Effect<boolean>
  readonly remove: (key: string) => Effect.Effect<void>
}

export interface MemoryStoreOptions {
  /** Texts kept at a time, at least 1. Default 10,000. */
  readonly maxEntries?: number | undefined
  /** Memory for texts in bytes, at least 1 MiB; a character of text or key takes 2. Default 64 MiB. */
  readonly maxBytes?: number | undefined
}

/** Keeps what sessions hold; in memory unless a layer on the root server says otherwise. */
export class StateStore extends Context.Service<StateStore, StateStoreShape>()("mcpipe/StateStore") {
  declare readonly "~mcpipe/supplied": "app"

  /**
   * Texts in the memory of this process. Where they are too many, those not used for longest are dropped, and read as if
   * they had expired. Throws a DefinitionError for limits out of range.
   */
  static layerMemory(options: MemoryStoreOptions = {}): Layer.Layer<StateStore> {
    checkLimit("maxEntries", options.maxEntries, 1)
    checkLimit("maxBytes", options.maxBytes, MIB)
    return Layer.sync(StateStore, () => memoryStore(options))
  }
}

const MIB = 2 ** 20

const checkLimit = (name: string, value: number | undefined, least: number): void => {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return
  throw new DefinitionError(`StateStore.layerMemory: ${name} is ${value}; use an integer of ${least} or more.`)
}

interface Entry {
  readonly text: string
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly end: number
}

/** A store that lives and dies with this process. */
export const memoryStore = ({ maxEntries = 10_000, maxBytes = 64 * MIB }: MemoryStoreOptions = {}): StateStoreShape => {
  /** Least recently used first. */
  const entries = new Map<string, Entry>()
  let bytes = 0
  let versions = 0
  const drop = (key: string, entry: Entry): void => {
    entries.delete(key)
    bytes -= 2 * (key.length + entry.text.length)
  }
  const keep = (key: string, entry: Entry): void => {
    entries.set(key, entry)
    bytes += 2 * (key.length + entry.text.length)
  }
  const current = (key: string, now: number): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.end > now) return entry
    drop(key, entry)
    return undefined
  }
  const atNow = <A>(f: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, f)
  return {
    get: (key) =>
      atNow((now) => {
        const entry = current(key, now)
        if (entry === undefined) return undefined
        drop(key, entry)
        keep(key, entry)
        return { text: entry.text, version: entry.version }
      }),
    put: (key, text, expected, ttlMillis) =>
      atNow((now) => {
        const before = current(key, now)
        if (before?.version !== expected) return false
        if (before !== undefined) drop(key, before)
        keep(key, { text, version: String(++versions), end: now + ttlMillis })
        for (const [oldest, entry] of entries) {
          if (entries.size <= maxEntries && bytes <= maxBytes) break
          drop(oldest, entry)
        }
        return true
      }),
    remove: (key) =>
      Effect.sync(() => {
        const entry = entries.get(key)
        if (entry !== undefined) drop(key, entry)
      })
  }
}
