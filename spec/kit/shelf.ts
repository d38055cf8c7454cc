import type { Component } from "mcpipe"
import { type Source, source } from "../../lib/builder/source.ts"

/** A source whose components a spec puts there and takes away. */
export interface Shelf {
  readonly source: Source
  /** Puts these in the place of all others, and says so. */
  readonly put: (...components: ReadonlyArray<Component>) => void
  /** Puts these in the place of all others, and says nothing. */
  readonly hold: Shelf["put"]
  /** Lets the next loads fail, and says that something changed; undefined lets them be. */
  readonly fail: (error: Error | undefined) => void
  /** Says that something changed. */
  readonly notify: () => void
  /** How often it was loaded. */
  readonly loads: () => number
  /** How many watch it. */
  readonly watched: () => number
}

export interface ShelfOptions {
  readonly name?: string | undefined
  readonly kinds?: ReadonlyArray<"tools" | "resources" | "prompts"> | undefined
  readonly holds?: ReadonlyArray<Component> | undefined
  /** Called at each load, which waits for it. */
  readonly onLoad?: (() => void | PromiseLike<void>) | undefined
}

export const shelf = ({ name, kinds, holds = [], onLoad }: ShelfOptions = {}): Shelf => {
  const watchers = new Set<() => void>()
  let held = holds
  let error: Error | undefined
  let loads = 0
  const notify = () => {
    for (const watcher of [...watchers]) watcher()
  }
  return {
    source: source({
      name,
      kinds,
      load: async () => {
        loads++
        const now = held
        if (error !== undefined) throw error
        await onLoad?.()
        return now
      },
      changes: (notify) => {
        watchers.add(notify)
        return () => void watchers.delete(notify)
      }
    }),
    hold: (...components) => {
      held = components
    },
    put: (...components) => {
      held = components
      notify()
    },
    fail: (given) => {
      error = given
      notify()
    },
    notify,
    loads: () => loads,
    watched: () => watchers.size
  }
}
