import { layerMillis, within } from "./drain.ts"
import { report } from "./report.ts"
import type { AppLike } from "./running.ts"

/** Something that is served until a signal ends the process. */
export interface Stoppable {
  readonly app: AppLike
  /** Refuses new work and finishes what is in flight, within its own grace period. */
  readonly stop: () => Promise<void>
  /** Milliseconds that closing the app may take after that. */
  readonly gracePeriod: number
}

const signals = { SIGINT: 2, SIGTERM: 15 } as const
type Signal = keyof typeof signals

const served = new Set<Stoppable>()
let stopping = false

/**
 * Ends `entry` on SIGTERM and SIGINT, together with everything else registered in this process: all stop accepting at once,
 * then each app is disposed once, after all that served it, then the process exits with 0. A second signal exits at once
 * with 128 + its number. Returns the function that takes `entry` out; the last one out removes the handlers.
 */
export const stopOnSignals = (entry: Stoppable): (() => void) => {
  if (served.size === 0 && !stopping) {
    for (const signal of Object.keys(signals)) {
      process.on(signal, onSignal)
    }
  }
  served.add(entry)
  return () => {
    if (served.delete(entry) && served.size === 0 && !stopping) {
      for (const signal of Object.keys(signals)) {
        process.off(signal, onSignal)
      }
    }
  }
}

/** Whether anything is registered still, or is being stopped and will end the process itself. */
export const isServing = (): boolean => served.size > 0 || stopping

const onSignal = (signal: Signal): void => {
  if (stopping) {
    process.exit(128 + signals[signal])
  }
  stopping = true
  void shutdown([...served])
}

const shutdown = async (entries: ReadonlyArray<Stoppable>): Promise<void> => {
  let code = 0
  const failed = (what: string) => (error: unknown) => {
    code = 1
    report(what, error)
  }
  await Promise.all(entries.map((entry) => entry.stop().catch(failed("a server did not stop cleanly"))))
  // Only now: one app may be served on several transports, and its layers must outlive the last of their calls.
  const apps = new Map(entries.map(({ app, gracePeriod }) => [app, gracePeriod]))
  const close = async ([app, gracePeriod]: readonly [AppLike, number]) => {
    const millis = layerMillis(gracePeriod)
    if (!(await within(app.dispose(), millis))) throw new Error(`Its layers were not released within ${millis} ms.`)
  }
  await Promise.all([...apps].map((one) => close(one).catch(failed("an app did not close cleanly"))))
  process.exit(code)
}
