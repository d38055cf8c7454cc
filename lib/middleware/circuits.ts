import { Circuit, type CircuitSettings, type CircuitState, type Entered } from "./circuit.ts"

/** A circuit has changed its state. */
export interface CircuitChange {
  /** Whose circuit it is: for the default key, the component as clients know it, such as `"tool crm_lookup"`. */
  readonly key: string
  readonly from: CircuitState
  readonly to: CircuitState
}

/** The circuits of one app, by key; there is one only while something is wrong with it. */
export interface Circuits {
  /** `heard` hears of changes that come with this call. */
  readonly enter: (key: string, now: number, heard: (change: CircuitChange) => void) => Entered
  readonly size: () => number
}

/** Keys remembered at a time; beyond that, those whose trouble began first are forgotten, and are closed again. */
export const mostCircuits = 10_000

export const circuits = (settings: CircuitSettings): Circuits => {
  const known = new Map<string, Circuit>()
  let hear: ((change: CircuitChange) => void) | undefined

  const made = (key: string): Circuit => {
    if (known.size >= mostCircuits) {
      const [first] = known.keys()
      known.delete(first!)
    }
    const circuit = new Circuit(settings, (from, to) => hear?.({ key, from, to }))
    known.set(key, circuit)
    return circuit
  }

  /** Changes happen only in here, so each is heard by the call that caused it. */
  const hearing = <A>(heard: (change: CircuitChange) => void, f: () => A): A => {
    hear = heard
    try {
      return f()
    } finally {
      hear = undefined
    }
  }

  return {
    size: () => known.size,
    enter: (key, now, heard) => {
      const circuit = known.get(key)
      if (circuit !== undefined) {
        const entered = hearing(heard, () => circuit.enter(now))
        if (entered.type === "refused") return entered
        return {
          type: "passed",
          leave: (verdict, at) => {
            hearing(heard, () => entered.leave(verdict, at))
            if (circuit.isIdle(at) && known.get(key) === circuit) known.delete(key)
          }
        }
      }
      return {
        type: "passed",
        leave: (verdict, at) => {
          if (verdict !== "failure") return
          const circuit = known.get(key) ?? made(key)
          hearing(heard, () => circuit.fail(at))
        }
      }
    }
  }
}
