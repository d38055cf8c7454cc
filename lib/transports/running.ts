import type * as Context from "effect/Context"
import type { Ports } from "../protocol/exchange.ts"

/** An app whose layers are built. */
export interface RunningApp {
  readonly ports: Ports
  /** What Effects of routes run in: the services of the root server. Default: none. */
  readonly context?: Context.Context<never> | undefined
}

/** What a transport needs of an app. `start` is idempotent; `dispose` closes the lifespan once, however often it is called. */
export interface AppLike {
  readonly start: () => Promise<RunningApp>
  readonly dispose: () => Promise<void>
}
