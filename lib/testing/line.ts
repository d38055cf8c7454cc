import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import { connectionOf } from "../protocol/connection.ts"
import { unencodable } from "../protocol/encode.ts"
import type { JsonRpcMessage, JsonRpcResponse } from "../protocol/json-rpc.ts"
import type { Running } from "../runtime/app.ts"
import type { LogMessage } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { ProgressReport } from "../services/progress.ts"
import { RequestContext } from "../services/request-context.ts"
import { copyJson } from "../transports/copy-json.ts"
import { RequestError } from "./errors.ts"

type Message = Readonly<Record<string, any>>

/** One message that crossed the line, as JSON. */
export interface Traffic {
  readonly from: "client" | "server"
  readonly message: Message
}

/** A result as it crossed the line, and the object it was copied from, which says more to whoever is in this process. */
export interface Answer {
  readonly result: Message
  readonly original: Message
}

/** What the other end hears. A listener that throws fails the request it was called for, or all where that is not known. */
export interface LineOptions {
  readonly principal: PrincipalShape
  readonly onProgress: (report: ProgressReport) => void
  readonly onLog: (message: LogMessage) => void
  /** Answers a request of the server; rejects where it cannot, and `failed` is then called too. */
  readonly answer: (method: string, params: Message) => Promise<unknown>
  /** Something went wrong on this side while request `id` was served; undefined where that is not known. */
  readonly failed: (id: number | undefined, error: unknown) => void
  /** Called for each message. */
  readonly moved: () => void
}

/** A peer in this process that speaks JSON-RPC to a running app, message objects in and out, both copied as over bytes. */
export interface Line {
  readonly traffic: ReadonlyArray<Traffic>
  /**
   * Sends a request under a new id, which `made` hears of first; rejects with a `RequestError`, and never where it is
   * cancelled. `withToken`: asks for progress, under the id unless `_meta` names a token.
   */
  readonly request: (
    method: string,
    params: Message,
    options?: {
      readonly withToken?: boolean | undefined
      readonly onProgress?: ((report: ProgressReport) => void) | undefined
      readonly made?: ((id: number) => void) | undefined
    }
  ) => Promise<Answer>
  /** Tells the server that nobody waits for this request any more (basic/utilities/cancellation). */
  readonly cancel: (id: number, reason: string) => void
  readonly notify: (method: string, params?: Message) => void
  /** How many requests wait for their answers. */
  readonly inFlight: () => number
  readonly close: () => void
}

interface Open {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  readonly token: string | number | undefined
  readonly onProgress: ((report: ProgressReport) => void) | undefined
}

/** As over other transports: what a client may nest, and where a cycle is given up. */
const maxDepth = 64
const maxResultDepth = 10_000

/** Connects to a running app. */
export const openLine = (running: Running, options: LineOptions): Line => {
  const traffic: Array<Traffic> = []
  const open = new Map<number, Open>()
  let last = 0
  let closed = false

  const put = (message: Message) => {
    if (closed) return
    options.moved()
    const copied = copyJson(message, maxDepth) as Message
    traffic.push({ from: "client", message: copied })
    // a copy of its own: what a handler changes must not change what was recorded
    connection.receive(copyJson(message, maxDepth))
  }

  const take = (sent: JsonRpcMessage) => {
    if (closed) return
    options.moved()
    let original: Message = sent
    let message: Message
    try {
      message = copyJson(sent, maxResultDepth) as Message
    } catch {
      original = unencodable(sent)
      message = original
    }
    traffic.push({ from: "server", message })
    if (message["method"] === undefined) answered(message, original)
    else if (message["id"] === undefined) notified(message)
    else asked(message)
  }

  const answered = ({ id, result, error }: Message, original: Message) => {
    const one = open.get(id)
    if (one === undefined) return
    open.delete(id)
    if (error === undefined) one.resolve({ result, original: original["result"] })
    else one.reject(new RequestError(error.code, error.message, error.data))
  }

  const notified = ({ method, params }: Message) => {
    if (method === "notifications/progress") {
      const { progressToken, progress, total, message } = params
      const [id, one] = [...open].find(([, { token }]) => token === progressToken) ?? []
      const report = { progress, total, message }
      guarded(id, () => {
        options.onProgress(report)
        one?.onProgress?.(report)
      })
    } else if (method === "notifications/message") {
      const { level, data, logger } = params
      guarded(requestOfFiber(), () => options.onLog({ level, data, logger }))
    }
  }

  const guarded = (id: number | undefined, listen: () => void) => {
    try {
      listen()
    } catch (error) {
      options.failed(id, error)
    }
  }

  const asked = ({ id, method, params = {} }: Message) => {
    const during = requestOfFiber()
    options
      .answer(method, params)
      .then((result) => put({ jsonrpc: "2.0", id, result }))
      .catch((error) => {
        options.failed(during, error)
        put({ jsonrpc: "2.0", id, error: { code: -32603, message: "The test client has no answer." } })
      })
  }

  const connection = connectionOf(
    running,
    {
      send: (messages) => {
        if (Array.isArray(messages)) messages.forEach(take)
        else take(messages as JsonRpcResponse)
      }
    },
    options.principal
  )

  return {
    traffic,
    request: (method, params, { withToken = false, onProgress, made } = {}) =>
      new Promise((resolve, reject) => {
        const id = ++last
        const meta = withToken ? { progressToken: id, ...params["_meta"] } : params["_meta"]
        const whole = meta === undefined ? params : { ...params, _meta: meta }
        made?.(id)
        open.set(id, { resolve, reject, token: meta?.progressToken, onProgress })
        try {
          put({ jsonrpc: "2.0", id, method, params: whole })
        } catch (cause) {
          open.delete(id)
          const why = cause instanceof Error ? cause.message : String(cause)
          reject(new TypeError(`${method}: the params cannot be sent: ${why}`, { cause }))
        }
      }),
    cancel: (id, reason) => {
      if (open.delete(id)) put({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id, reason } })
    },
    notify: (method, params) => put({ jsonrpc: "2.0", method, ...(params === undefined ? undefined : { params }) }),
    inFlight: () => open.size,
    close: () => {
      closed = true
      open.clear()
      connection.interrupt("disconnected")
    }
  }
}

/**
 * The request whose fiber is running, where one is: a duplex server does not say what its requests and log messages belong
 * to, but in this process they are sent by the fiber that makes them.
 */
const requestOfFiber = (): number | undefined => {
  const context = Fiber.getCurrent()?.context as Context.Context<any> | undefined
  const id = context === undefined ? undefined : Context.getOrUndefined(context, RequestContext)?.requestId
  return typeof id === "number" ? id : undefined
}
