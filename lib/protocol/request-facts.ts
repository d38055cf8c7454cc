import * as Effect from "effect/Effect"
import { jsonText, whyNotJson } from "../builder/json-text.ts"
import type { Running } from "../runtime/app.ts"
import type { Journal } from "../runtime/journal.ts"
import type { AskChannel, Facts } from "../runtime/request.ts"
import { AskRefused } from "../services/ask-errors.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { Sink } from "./exchange.ts"
import type { JsonRpcRequest } from "./json-rpc.ts"
import type { Params } from "./method.ts"
import type { Era } from "./reasons.ts"
import type { Caller } from "./serve-request.ts"

/** What the runtime is told of a wire request, and how it speaks to the client meanwhile. */
export const factsOf = (
  request: JsonRpcRequest,
  params: Params,
  era: Era,
  caller: Caller,
  sink: Sink,
  isOpen: () => boolean,
  running: Running,
  earlier: Earlier | undefined
): Facts => {
  const { meta, logLevel } = caller
  const token = meta["progressToken"]
  return {
    requestId: request.id,
    method: request.method,
    params,
    meta,
    client: { info: caller.clientInfo, capabilities: caller.capabilities },
    era,
    revision: caller.revision,
    sessionId: caller.sessionId,
    http: caller.http,
    principal: caller.principal,
    progress:
      typeof token === "string" || typeof token === "number"
        ? progressTo(sink, token, caller.revision, isOpen)
        : undefined,
    log: logLevel === undefined ? undefined : logTo(sink, isOpen),
    logLevel: logLevel ?? debug,
    visibility: switchesOf(caller, era, running),
    channel: channelOf(caller, sink, isOpen, running, earlier),
    closeStream: sink.closeStream
  }
}

const switchesOf = ({ visibility }: Caller, era: Era, { assembly }: Running): Facts["visibility"] => {
  if (era === "sessionless") return era
  if (assembly.info.switchable !== true) return "server"
  return visibility ?? "no-session"
}

/** What came before this round of a call. */
export interface Earlier {
  readonly journal: Journal | undefined
  /** What the state was good for, where there was one. */
  readonly binding?: string | undefined
  readonly responses: Params
}

const channelOf = (
  { asking }: Caller,
  sink: Sink,
  isOpen: () => boolean,
  running: Running,
  earlier: Earlier | undefined
): AskChannel => {
  if (asking?.type === "replay")
    return { type: "replay", journal: earlier?.journal, responses: earlier?.responses ?? noResponses }
  const { askTimeout } = running.assembly.asking
  return {
    type: "direct",
    send:
      asking === undefined
        ? ({ method }) => Effect.fail(new AskRefused(method, "without a session it cannot be asked anything"))
        : (ask) => asking.requests.send(ask, (message) => sink.ask(message), askTimeout),
    notify: (method, params) => {
      const notification = { jsonrpc: "2.0", method, params } as const
      if (isOpen()) sink.notify(notification)
      // a page that was asked for may be visited long after its call
      else asking?.push(notification)
    }
  }
}

/** Values must increase (basic/utilities/progress), and nothing follows the answer. */
const progressTo = (
  sink: Sink,
  progressToken: string | number,
  revision: string,
  isOpen: () => boolean
): Facts["progress"] => {
  let last = Number.NEGATIVE_INFINITY
  return (progress, total, message) => {
    if (progress <= last || !isOpen()) return undefined
    last = progress
    const params = {
      progressToken,
      progress,
      ...(total === undefined ? undefined : { total }),
      // 2025-03-26 brought messages
      ...(message === undefined || revision < "2025-03-26" ? undefined : { message })
    }
    return sink.notify({ jsonrpc: "2.0", method: "notifications/progress", params })
  }
}

const logTo =
  (sink: Sink, isOpen: () => boolean): NonNullable<Facts["log"]> =>
  (level, data, logger) => {
    if (!isOpen()) return undefined
    // every transport writes the same, and what cannot be written fails here, where the handler's author sees it
    const params = { level, ...(logger === undefined ? undefined : { logger }), data: loggable(data) }
    return sink.notify({ jsonrpc: "2.0", method: "notifications/message", params })
  }

const loggable = (data: unknown): unknown => {
  if (data === undefined) return null
  try {
    jsonText(data)
    return data
  } catch (error) {
    throw new TypeError(`ClientLog: the message cannot be sent: ${whyNotJson(error)}`)
  }
}

const debug = (): LogLevel => "debug"

const noResponses: Params = Object.freeze({})
