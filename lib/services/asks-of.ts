import type * as Fiber from "effect/Fiber"
import type { Asks } from "./asks.ts"
import { callOf } from "./current-call.ts"

/** How the call of a fiber asks its client; throws, and so dies, where `what` is used outside of a call that can ask. */
export const requireAsks = (fiber: Fiber.Fiber<unknown, unknown>, what: string): Asks => {
  const asks = callOf(fiber.context)?.asks
  if (asks !== undefined) return asks
  throw new Error(
    `${what} asks the client, which is possible in tools, resources, prompts and the middleware inside of them (callTool, ` +
      "readResource, getPrompt), not in completions, lists or request hooks: ask there, or test with a layerTest."
  )
}
