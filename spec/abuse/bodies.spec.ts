import { serve, server, tool } from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import { openSocket, rawHead, readResponse, send } from "../kit/raw-http.ts"
import { calling, headersOf } from "./process.ts"

const anything = tool({ name: "anything", input: { value: v.unknown() } }, ({ value }) => typeof value)
const main = server({ name: "bodies", version: "1" }).tool(anything)

const ask = async (port: number, body: string, message = calling(1, "anything")) => {
  const { status, body: text } = await send(port, { headers: headersOf(message), body })
  return { status, ...JSON.parse(text) }
}

const errorOf = ({ status, error }: { status: number; error?: { code: number; message: string } }) => [
  status,
  error?.code,
  error?.message
]

const tooLarge = [413, -32600, "The body is larger than 4194304 bytes, the most this server reads."]

it("32 MiB are refused, declared or in chunks, and the client that goes on sending hears of it", async () => {
  await using serving = await serve(main, { http: { port: 0 }, signals: false })
  const port = serving.port!
  const chunk = Buffer.alloc(1_048_576, " ")
  for (const headers of [{ "content-length": `${32 * 1_048_576}` }, { "transfer-encoding": "chunked" }]) {
    const socket = await openSocket(port)
    const answer = readResponse(socket)
    socket.write(rawHead(port, headers))
    for (let sent = 0; sent < 32 && socket.writable; sent++) {
      const whole =
        "content-length" in headers ? chunk : Buffer.concat([Buffer.from("100000\r\n"), chunk, Buffer.from("\r\n")])
      await new Promise<void>((resolve) => socket.write(whole, () => resolve()))
    }
    const { status, body } = await answer
    expect(errorOf({ status, ...JSON.parse(body) })).toEqual(tooLarge)
    socket.destroy()
  }
})

it("what nests deeper than 64 levels is refused, wherever it is", async () => {
  await using serving = await serve(main, { http: { port: 0 }, signals: false })
  const deep = (levels: number) => {
    const whole = JSON.stringify(calling(1, "anything", { value: "HERE" }))
    return whole.replace('"HERE"', `${"[".repeat(levels)}${"]".repeat(levels)}`)
  }
  const refused = [400, -32600, "The message nests deeper than 64 levels, the most this server reads."]
  expect(errorOf(await ask(serving.port!, deep(100_000)))).toEqual(refused)
  expect(errorOf(await ask(serving.port!, "[".repeat(100_000)))).toEqual(refused)
  expect(errorOf(await ask(serving.port!, `{"a":${'{"a":'.repeat(100_000)}`))).toEqual(refused)
  expect((await ask(serving.port!, deep(30))).result.content).toEqual([{ type: "text", text: "object" }])
})

it("as many members and items as a message may hold are read like a few, and more are refused", async () => {
  await using serving = await serve(main, { http: { port: 0 }, signals: false })
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]))
  const told = async (value: unknown) => {
    const { result, error } = await ask(serving.port!, JSON.stringify(calling(1, "anything", { value })))
    return error === undefined ? result.content[0].text : error
  }
  expect(await told(members(31_900))).toBe("object")
  expect(await told(Array(63_900).fill("a"))).toBe("object")
  expect(await told(Array(159_900).fill(0.5))).toBe("object")
  const tooMany = {
    code: -32600,
    message:
      "The message holds too many values: at most 32,000 members, objects and arrays, 64,000 strings, 160,000 other items of arrays, or a mix that weighs as much."
  }
  expect(await told(members(32_100))).toMatchObject(tooMany)
  expect(await told(Array(32_100).fill([]))).toMatchObject(tooMany)
  expect(await told(Array(64_100).fill("a"))).toMatchObject(tooMany)
  expect(await told(Array(160_100).fill(0.5))).toMatchObject(tooMany)
  expect(await told([...Array(16_100).fill({}), ...Array(32_100).fill("a")])).toMatchObject(tooMany)
})
