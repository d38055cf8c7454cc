import * as Effect from "effect/Effect"
import { microtask } from "../runtime/turns.ts"

/** A place of a call, or in the line for one. */
export interface Place {
  /** Whether the call may run. */
  readonly held: boolean
  /** Ends once it may. */
  readonly waits: Effect.Effect<void>
  /** Gives the place back, to the first in line; also out of the line. Once is enough. */
  readonly leave: () => void
}

/** Places for calls, so many for each key. */
export interface Gate {
  /** Whether a call has a place already. */
  readonly has: (call: object) => boolean
  /** Takes a place, or one in line; undefined where both are full. */
  readonly enter: (key: string, call: object) => Place | undefined
}

interface Line {
  running: number
  /** In the order in which they came. */
  readonly waiting: Set<Waiter>
}

interface Waiter {
  held: boolean
  go: (() => void) | undefined
}

/** `max` places for each key, and `queue` in line. A key is remembered for as long as one of its calls runs. */
export const gates = (max: number, queue: number): Gate & { readonly size: () => number } => {
  const lines = new Map<string, Line>()
  const calls = new Set<object>()

  const pass = (key: string, line: Line): void => {
    const [first] = line.waiting
    if (first === undefined) {
      line.running--
      if (line.running === 0) lines.delete(key)
      return
    }
    line.waiting.delete(first)
    first.held = true
    // not right here: each of a long line could end in the stack of the one before
    if (first.go !== undefined) microtask(first.go)
  }

  return {
    size: () => lines.size,
    has: (call) => calls.has(call),
    enter: (key, call) => {
      const line = lines.get(key) ?? { running: 0, waiting: new Set() }
      const free = line.running < max
      if (!free && line.waiting.size >= queue) return undefined
      const mine: Waiter = { held: free, go: undefined }
      if (free) {
        line.running++
        lines.set(key, line)
      } else line.waiting.add(mine)
      calls.add(call)
      return {
        get held() {
          return mine.held
        },
        waits: Effect.callback((resume) => {
          mine.go = () => resume(Effect.void)
          if (mine.held) mine.go()
        }),
        leave: () => {
          if (!calls.delete(call)) return
          if (mine.held) pass(key, line)
          else line.waiting.delete(mine)
        }
      }
    }
  }
}
