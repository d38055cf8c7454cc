import type { IncomingMessage, ServerResponse } from "node:http"
import * as Context from "effect/Context"
import type { InFlight } from "../../protocol/exchange.ts"
import type { Refusal } from "../../protocol/reasons.ts"
import { shuttingDown } from "../drain.ts"
import { report } from "../report.ts"
import type { GateHead } from "./gate.ts"
import { readBody } from "./node-body.ts"
import type { NodeState } from "./node-exchange.ts"
import { answerUnread, closing, refuseUnread } from "./node-response.ts"
import { healthResponse } from "./route-response.ts"
import { runRoute } from "./route-run.ts"
import type { Routed } from "./router.ts"

/** Serves one HTTP request that is not for MCP. */
export const exchangeRoute = (
  state: NodeState,
  request: IncomingMessage,
  response: ServerResponse,
  head: GateHead,
  routed: Routed
): void => {
  if (routed.type === "refused") {
    refuseUnread(request, response, routed.refusal, state.draining)
    return
  }
  if (routed.type === "health") {
    const { draining } = state
    const given = healthResponse(draining)
    const { status } = given
    void given.text().then((body) => {
      answerUnread(request, response, { status, headers: [...given.headers].flat(), body }, draining)
    })
    return
  }
  const { core, context = Context.empty() } = state
  const controller = new AbortController()
  let answered = false
  const refuse = (refused: Refusal, last: boolean) => {
    answered = true
    refuseUnread(request, response, refused, last)
  }
  let stop = () => {}
  const abort = (why: string) => {
    stop()
    controller.abort(new Error(why))
  }
  const work: InFlight = {
    interrupt: () => {
      abort("The server is shutting down.")
      if (answered) response.destroy()
      else refuse(shuttingDown, true)
      return undefined
    }
  }
  state.enter(work)
  response.on("close", () => {
    if (!response.writableFinished) abort("The client has left.")
    state.leave(work)
  })
  stop = runRoute({
    core,
    context,
    head,
    routed,
    signal: controller.signal,
    headers: () => headersOf(request),
    readBody: (done) => readBody(request, response, core, done),
    refuse: (refused, unread) => refuse(refused, state.draining || unread),
    respond: (given) => {
      answered = true
      void write(response, given, state.draining)
    }
  })
}

const headersOf = ({ rawHeaders }: IncomingMessage): Headers => {
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2) headers.append(rawHeaders[index]!, rawHeaders[index + 1]!)
  return headers
}

/** Writes a response as fast as it is read. One whose body breaks off is cut, so that nobody takes it for whole. */
const write = async (response: ServerResponse, given: Response, last: boolean): Promise<void> => {
  const headers: Array<string> = []
  // a browser would otherwise be told of one cookie only
  for (const [name, value] of given.headers) headers.push(name, value)
  const reader = given.body?.getReader()
  const left = () => void reader?.cancel().catch(() => {})
  response.on("close", left)
  try {
    response.writeHead(given.status, closing(response, headers, last))
    if (reader === undefined || response.req.method === "HEAD") {
      left()
      response.end()
      return
    }
    for (;;) {
      const { done, value } = await reader.read()
      if (response.destroyed) return
      if (done) break
      if (!response.write(value)) await roomIn(response)
    }
    response.end()
  } catch (error) {
    report("the body of a route's response failed", error)
    response.destroy()
  } finally {
    response.off("close", left)
  }
}

const roomIn = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done)
      response.off("close", done)
      resolve()
    }
    response.on("drain", done)
    response.on("close", done)
  })
