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

it("as many members as 4 MiB hold are read like a few", async () => {
  await using serving = await serve(main, { http: { port: 0 }, signals: false })
  const members = Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, n]))
  const body = JSON.stringify(calling(1, "anything", { value: members }))
  expect((await ask(serving.port!, body)).result.content).toEqual([{ type: "text", text: "object" }])
})

it("names of Object's own members are names like others, and change nobody's prototype", async () => {
  await using serving = await serve(main, { http: { port: 0 }, signals: false })
  const port = serving.port!
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]
  for (const name of names) {
    const own = JSON.stringify(calling(1, "anything", { value: "HERE" })).replace(
      '"HERE"',
      `{${JSON.stringify(name)}:{"polluted":true}}`
    )
    expect((await ask(port, own)).result.content).toEqual([{ type: "text", text: "object" }])
    const argument = own.replace('"arguments":{', `"arguments":{${JSON.stringify(name)}:{"polluted":true},`)
    expect((await ask(port, argument)).result.isError).toBe(true)
    const asTool = calling(name, name)
    expect((await ask(port, JSON.stringify(asTool), asTool)).error).toMatchObject({ code: -32602 })
  }
  expect(({} as { polluted?: unknown }).polluted).toBe(undefined)
  expect(Object.keys(Object.prototype)).toEqual([])
})
