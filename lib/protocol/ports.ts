import type { Running } from "../runtime/app.ts"
import { connectionOf } from "./connection.ts"
import type { Ports } from "./exchange.ts"
import { httpPortOf } from "./http-port.ts"

/** The protocol's doors to a running app, one for each kind of transport. */
export const portsOf = (running: Running): Ports => ({
  http: (options) => httpPortOf(running, options),
  connect: (peer, principal) => connectionOf(running, peer, principal)
})
