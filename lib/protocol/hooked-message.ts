import * as Effect from "effect/Effect"
import { isPublicError } from "../builder/errors.ts"
import { hookStep } from "../builder/uniform-hook.ts"
import { shortJson } from "../builder/issues.ts"
import type { Running } from "../runtime/app.ts"
import { maskedDefect } from "../runtime/failure.ts"
import type { JsonRpcNotification } from "./json-rpc.ts"
import { isRecord } from "./method.ts"
import { type ReadMessage, readMessage } from "./read-message.ts"
import { refusal } from "./reasons.ts"

/** Sorts one message after the root's message hooks have seen it. */
export const readHooked = (running: Running, value: unknown): ReadMessage => {
  const { messageHooks } = running
  if (messageHooks.length === 0) return readMessage(value)
  let message = value
  try {
    for (const hook of messageHooks) message = hook(message)
  } catch (error) {
    const why = isPublicError(error)
      ? refusal("invalid-request", error.message)
      : refusal("internal-error", maskedBy(running, error))
    return { type: "refused", refusal: why, id: idOf(value) }
  }
  const read = readMessage(message)
  // what was no message before is the client's fault, what a hook made none is ours
  if (read.type !== "refused" || message === value || readMessage(value).type === "refused") return read
  // nobody waits for it, and one that rejects unheard ends the process
  if (message instanceof Promise) message.catch(() => {})
  const error = new TypeError(
    `A message hook must give a JSON-RPC message at once, not ${shortJson(message)}; throw a PublicError to refuse one.`
  )
  return { type: "refused", refusal: refusal("internal-error", maskedBy(running, error)), id: idOf(value) }
}

const idOf = (value: unknown): string | number | undefined => {
  if (!isRecord(value)) return undefined
  const { id } = value
  return typeof id === "string" || Number.isSafeInteger(id) ? (id as string | number) : undefined
}

const maskedBy = ({ context, assembly }: Running, error: unknown): string =>
  maskedDefect(context(assembly.root), error, "A message hook", assembly.dev).message

/** Takes a notification through the root's notification hooks, at once where none of them waits. */
export const deliverHooked = (
  running: Running,
  notification: JsonRpcNotification,
  deliver: (notification: JsonRpcNotification) => void
): void => {
  const { notificationHooks } = running
  if (notificationHooks.length === 0) {
    deliver(notification)
    return
  }
  let next = ({ method, params }: Pick<JsonRpcNotification, "method" | "params">): Effect.Effect<any, unknown, any> =>
    Effect.sync(() => deliver({ jsonrpc: "2.0", method, ...(params === undefined ? undefined : { params }) }))
  for (const hook of [...notificationHooks].reverse()) {
    const inner = next
    next = (given) => hookStep(hook, inner, { method: given.method, params: given.params })
  }
  const told = Effect.catchCause(next(notification), (cause) =>
    Effect.logError(
      `A notification hook failed, and the notification ${JSON.stringify(notification.method)} was dropped`,
      cause
    )
  )
  running.follow(Effect.runForkWith(running.context(running.assembly.root))(told as Effect.Effect<void>))
}
