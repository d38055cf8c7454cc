import * as Effect from "effect/Effect"
import { isPublicError } from "../builder/errors.ts"
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
    const id =
      isRecord(value) && (typeof value["id"] === "string" || Number.isSafeInteger(value["id"]))
        ? value["id"]
        : undefined
    const why = isPublicError(error)
      ? refusal("invalid-request", error.message)
      : refusal("internal-error", maskedBy(running, error))
    return { type: "refused", refusal: why, id: id as string | number | undefined }
  }
  return readMessage(message)
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
    next = (given) => Effect.suspend(() => hook(inner, { method: given.method, params: given.params }))
  }
  const told = Effect.catchCause(next(notification), (cause) =>
    Effect.logError(
      `A notification hook failed, and the notification ${JSON.stringify(notification.method)} was dropped`,
      cause
    )
  )
  running.follow(Effect.runForkWith(running.context(running.assembly.root))(told as Effect.Effect<void>))
}
