import type { InFlight, Sink } from "./exchange.ts"
import type { JsonRpcResponse, RequestId } from "./json-rpc.ts"
import { isRecord } from "./method.ts"
import { refusal } from "./reasons.ts"
import { refuse } from "./serve-request.ts"

/** The only revision with batches (2025-03-26 basic/index, "Batching"). */
const batchRevision = "2025-03-26"

/** More messages than this in one batch are refused: a batch must not become a way around limits per request. */
const most = 100

/**
 * Serves a JSON-RPC batch as its messages one by one; the answer is the array of their answers, in the order they came,
 * once all are there. Notifications about them go out as they come.
 */
export const receiveBatch = (
  messages: ReadonlyArray<unknown>,
  revision: string,
  sink: Sink,
  receive: (message: unknown, sink: Sink) => InFlight | undefined
): InFlight | undefined => {
  if (revision !== batchRevision) {
    const message = `JSON-RPC batches are of revision ${batchRevision} only; send one message at a time.`
    return refuse(sink, refusal("batch-unsupported", message), "handshake", undefined)
  }
  if (messages.length === 0 || messages.length > most) {
    const message = `A batch holds 1 to ${most} messages, not ${messages.length}.`
    return refuse(sink, refusal("invalid-request", message), "handshake", undefined)
  }
  const answers: Array<JsonRpcResponse | undefined> = []
  const inFlight: Array<InFlight> = []
  let waiting = messages.length
  for (const [index, message] of messages.entries()) {
    const own: Sink = {
      notify: (notification, headers) => sink.notify(notification, headers),
      ask: (message) => sink.ask(message),
      closeStream: sink.closeStream,
      reply: (reply) => {
        answers[index] = reply.message as JsonRpcResponse | undefined
        waiting--
        if (waiting > 0) return
        const all = answers.filter((answer) => answer !== undefined)
        sink.reply(all.length === 0 ? { status: 202 } : { status: 200, message: all })
      }
    }
    const one = isInitialize(message) ? refuseInitialize(message, own) : receive(message, own)
    if (one !== undefined) inFlight.push(one)
  }
  if (waiting === 0) return undefined
  return {
    // a batch is of the handshake: what one of its requests does, all do
    interrupt: (why) => {
      let goesOn: boolean | undefined
      for (const one of inFlight) goesOn = one.interrupt(why) || goesOn
      return goesOn
    }
  }
}

/** 2025-03-26 basic/lifecycle: what a batch agreed on would come too late for the rest of it. */
const refuseInitialize = (message: { readonly id?: unknown }, sink: Sink): undefined => {
  const { id } = message
  const known = typeof id === "string" || Number.isSafeInteger(id) ? (id as RequestId) : undefined
  return refuse(
    sink,
    refusal("invalid-request", "initialize must not be part of a batch; send it alone."),
    "handshake",
    known
  )
}

const isInitialize = (message: unknown): message is { readonly id?: unknown } =>
  isRecord(message) && message["method"] === "initialize" && "id" in message
