import { assemble, server, toFetchHandler } from "mcpipe"
import { afterAll, beforeAll, expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"
import { failing, impossible, loose } from "./failing.ts"
import { mebibytes, scaled, told } from "./figures.ts"
import { client } from "./load.ts"
import { abused, calling, headersOf, look } from "./process.ts"
import { ask, begin } from "./soaked.ts"

const timeout = 20 * 60_000
const ways = [...Object.values(impossible), ...Object.values(failing)]
const main = ways
  .reduce((all, handler, at) => all.tool(loose(`way_${at}`, handler)), server({ name: "s", version: "1" }))
  .tool(loose("good", () => "good"))

let strays = 0
const stray = () => void strays++
const { error } = console

beforeAll(() => {
  // a spy would keep every call
  console.error = () => {}
  process.on("unhandledRejection", stray)
})

afterAll(() => {
  console.error = error
  process.off("unhandledRejection", stray)
})

it("handlers that fail in every way are answered without their reasons, and the next call as usual", {
  timeout
}, async () => {
  const rounds = scaled(200)
  await using app = assemble(main)
  await using handler = toFetchHandler(app)
  await using now = await connectWire(app)
  await using before = await connectWire(app, { speak: "2025-11-25" })
  const session = await begin(handler)
  const overHttp = async (name: string) => {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name } }
    return JSON.parse((await ask(handler, { message, headers: session })).text).result
  }
  const calls = [now.call, before.call, overHttp]
  let [masked, good] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < ways.length; at++) {
      for (const call of calls) {
        const { isError, content } = await call(`way_${at}`)
        if (isError && /^Internal error \(reference [0-9a-f]{8}\)$/.test(content[0].text)) masked++
      }
    }
    for (const call of calls) if ((await call("good")).content[0].text === "good") good++
  }
  await new Promise((resolve) => setImmediate(resolve))
  const made = rounds * ways.length * calls.length
  told`R-18: ${made} calls of handlers that fail in ${ways.length} ways, ${masked} answered without a reason; ${good}/${rounds * calls.length} calls between them answered as usual; ${strays} unhandled rejections`
  expect([masked, good, strays]).toEqual([made, rounds * calls.length, 0])
})

it("a result that no text can hold is answered without a reason, and the process lives", { timeout }, async () => {
  await using child = await abused("http", {}, { deadline: timeout })
  const load = client(child.port, 1)
  const before = await look(child.url)
  // as JSON twice as long, more than a string may be
  const huge = calling(1, "quotes", { count: 270_000_000 })
  const { status, text } = await load.ask(JSON.stringify(huge), headersOf(huge))
  const large = calling(2, "quotes", { count: 16_777_216 })
  const whole = await load.ask(JSON.stringify(large), headersOf(large))
  const echo = calling(3, "echo", { text: "still there" })
  const next = await load.ask(JSON.stringify(echo), headersOf(echo))
  const after = await look(child.url)
  load.close()
  told`R-18: a result of 540 MB of JSON answered ${status} ${text.slice(0, 200)}; one of ${whole.text.length} characters whole; RSS +${mebibytes(after.rss - before.rss)} MiB afterwards`
  expect(text).toMatch(/Internal error \(reference [0-9a-f]{8}\)|"code":-32603/)
  expect(text).not.toMatch(/Invalid string length|\bat /)
  expect(JSON.parse(whole.text).result.content[0].text).toHaveLength(16_777_216)
  expect([whole.status, next.status]).toEqual([200, 200])
})
