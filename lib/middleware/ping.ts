import { DefinitionError } from "../builder/errors.ts"
import type { Middleware } from "../builder/middleware.ts"
import { type PingOptions, pingSettings } from "../runtime/ping-settings.ts"

/**
 * Pings clients of the handshake era that have initialized, so that those that went away are noticed (2025-11-25
 * basic/utilities/ping); what one was asked that does not answer fails, and its GET streams are closed. Nobody is pinged on
 * 2026-07-28. It belongs to no request: it does the same as the option `ping` of `assemble` and `serve`, which goes before
 * it, and where several servers of one tree want it, the shortest interval serves them all.
 * @example server(info).use(ping({ interval: 30_000 }))
 */
export const ping = (options: PingOptions): Middleware => {
  if (typeof options !== "object" || options === null) {
    throw new DefinitionError("ping takes { interval, timeout }, both in milliseconds.")
  }
  const settings = pingSettings({ ping: options })!
  return Object.freeze({
    "~mcpipe/Middleware": {
      hooks: {},
      provides: undefined,
      ping: settings,
      _P: undefined as any,
      _R: undefined as any
    }
  })
}
