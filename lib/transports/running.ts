import type { Ports } from "../protocol/exchange.ts"

/** An app whose layers are built. */
export interface RunningApp {
  readonly ports: Ports
}

/** What a transport needs of an app. `start` is idempotent; `dispose` closes the lifespan once, however often it is called. */
export interface AppLike {
  readonly start: () => Promise<RunningApp>
  readonly dispose: () => Promise<void>
}
