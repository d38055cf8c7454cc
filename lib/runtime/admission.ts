import * as Effect from "effect/Effect"
import type { Running } from "./app.ts"
import { type Answer, aroundRequest, type Surrounded } from "./around-request.ts"
import type { ResourceEntry } from "./entry.ts"
import { isRoot } from "./node.ts"

/**
 * Whether a request about many resources may be about this one: the `request` hooks of mounted servers surround what is
 * asked of their resources one by one, and may refuse it; those of the root have seen the request as a whole.
 */
export const admits = (
  { assembly: { root }, context }: Running,
  entry: ResourceEntry,
  uri: string,
  method: string
): Effect.Effect<boolean, never, any> => {
  const hooks = entry.requestHooks.filter(({ node, alone }) => alone || !isRoot(node))
  if (hooks.length === 0) return Effect.succeed(true)
  const facts = { method, params: { uri } }
  const asked = aroundRequest(Effect.void, hooks, facts, entry, root, context, question)
  return Effect.catchCause(
    Effect.map(asked, ({ type }) => type === "value"),
    () => Effect.succeed(false)
  )
}

const refused: Answer = { type: "failure", failure: { type: "interrupted" } }

const question: Surrounded = { innerSucceeded: () => {}, innerFailed: () => refused, wasInterrupted: () => false }
