import { Effect, Elicitation, Sampling, server, tool } from "mcpipe"
import * as v from "valibot"
import { onTestFinished } from "vitest"
import { connectionOf } from "../../lib/protocol/connection.ts"
import { appOf, assembleServer } from "../../lib/runtime/app.ts"
import { virtualTime } from "../../lib/testing/virtual-clock.ts"
import { envelope } from "../kit/wire.ts"

const city = { city: v.string() }
/** The calls that are over, whose finalizers have run. */
export const ended: Array<string> = []

const ask = tool({ name: "ask" }, function* () {
  yield* Effect.addFinalizer(() => Effect.sync(() => void ended.push("ask")))
  return (yield* Elicitation.form("Where to?", city)).city
})

/** A tool that lets a model use a tool, which asks the user. */
const nested = tool({ name: "nested" }, function* () {
  const inner = tool({ name: "inner" }, function* () {
    return (yield* Elicitation.form("Where to, inside?", city)).city
  })
  const { text } = yield* Sampling.run({ prompt: "Find out where to.", tools: [inner] })
  return text
})

const main = server({ name: "asking", version: "1" }).add(ask, nested)

/** A client by hand in a time that moves by hand, of a server whose tools `ask` and `nested` ask it where to. */
export const connected = async (speak: "2025-11-25" | "2026-07-28") => {
  ended.length = 0
  const time = await virtualTime()
  const app = appOf(assembleServer(main as never), time.context)
  const running = await app["~mcpipe/App"].running()
  const received: Array<any> = []
  const connection = connectionOf(running, { send: (message) => void received.push(message) })
  onTestFinished(async () => {
    connection.interrupt("disconnected")
    await app.dispose()
    await time.close()
  })
  const capabilities = { elicitation: {}, sampling: { tools: {} } }
  const send = (message: object) => connection.receive({ jsonrpc: "2.0", ...message })
  const call = (id: number, name: string, more: object = {}) => {
    const _meta = speak === "2026-07-28" ? { _meta: envelope(capabilities) } : {}
    send({ id, method: "tools/call", params: { name, ...more, ..._meta } })
  }
  if (speak === "2025-11-25") {
    const clientInfo = { name: "by-hand", version: "0" }
    send({ id: "hello", method: "initialize", params: { protocolVersion: speak, capabilities, clientInfo } })
    send({ method: "notifications/initialized" })
  }
  return {
    connection,
    clock: time.clock,
    send,
    call,
    /** Lets everything go on that can without time passing. */
    settle: () => time.clock.adjust("1 millis"),
    fibers: () => running.fibers.size,
    asked: (method: string) => received.filter((message) => message.method === method),
    answers: (id: unknown) => received.filter((message) => message.id === id && message.method === undefined),
    received
  }
}

/** What a user says who tells the name of a city. */
export const accepted = (name: string) => ({ action: "accept", content: { city: name } })
