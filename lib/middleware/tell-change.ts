import * as Effect from "effect/Effect"
import type { CircuitSettings } from "./circuit.ts"
import type { CircuitChange } from "./circuits.ts"
import { secondsOf, secondsText } from "./rate.ts"

type Hear = (change: CircuitChange) => void | Effect.Effect<void, unknown>

/** Logs changes of circuits, and passes them on; what goes wrong in that is logged and goes no further. */
export const changeTeller = ({ failures, window, openFor }: CircuitSettings, hear: Hear | undefined) => {
  const opened = `for ${secondsText(secondsOf(openFor))}`
  const texts = {
    open: (key: string, from: CircuitChange["from"]) =>
      from === "closed"
        ? `Circuit ${JSON.stringify(key)} is open ${opened}: ${failures} failures within ${window} ms`
        : `Circuit ${JSON.stringify(key)} is open again ${opened}: it still fails`,
    "half-open": (key: string) => `Circuit ${JSON.stringify(key)} is half open: the next calls will tell`,
    closed: (key: string) => `Circuit ${JSON.stringify(key)} is closed again`
  }
  const tell = (change: CircuitChange): Effect.Effect<void> => {
    const text = texts[change.to](change.key, change.from)
    const logged = change.to === "open" ? Effect.logWarning(text) : Effect.logInfo(text)
    if (hear === undefined) return logged
    const heard = Effect.suspend(() => hear(change) ?? Effect.void)
    return Effect.andThen(
      logged,
      Effect.catchCause(heard, (cause) => Effect.logError("circuitBreaker: onChange failed", cause))
    )
  }
  return (changes: ReadonlyArray<CircuitChange>): Effect.Effect<void> =>
    Effect.forEach(changes, tell, { discard: true })
}
