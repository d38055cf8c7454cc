import * as Effect from "effect/Effect"
import type { Running } from "../runtime/app.ts"
import type { ClientRequests, WriteAsk } from "./client-requests.ts"

/**
 * Pings one client for as long as the server's operator wants, from now until the function it gives is called. What the
 * client was asked fails where it does not answer, and `deaf` is called. Undefined where nobody is pinged.
 */
export const pinging = (
  running: Running,
  requests: ClientRequests,
  write: WriteAsk,
  deaf: () => void = () => {}
): (() => void) | undefined => {
  const { ping, root } = running.assembly
  if (ping === undefined) return undefined
  const failed = Effect.sync(() => {
    requests.abandonAll(`it did not answer a ping within ${ping.timeout} ms`)
    deaf()
  })
  const one = Effect.catchTags(requests.send({ method: "ping", params: {} }, write, ping.timeout), {
    AskTimedOut: () => failed,
    // an error is an answer too
    AskRefused: () => Effect.void
  })
  const round = Effect.andThen(
    Effect.sleep(ping.interval),
    Effect.suspend(() => (running.ending() ? Effect.interrupt : one))
  )
  const fiber = Effect.runForkWith(running.context(root))(Effect.forever(round))
  return () => fiber.interruptUnsafe()
}
