import { extension, jsonSchema, method, server, tool } from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"
import { listen, post, requestOf } from "./over-http.ts"

const id = "com.example/parse"
const extensions = { extensions: { [id]: {} } }
const throwing = (): never => {
  throw new Error("secret 42")
}

const main = server({ name: "s", version: "1" })
  .tool(tool({ name: "transform", input: { a: v.pipe(v.string(), v.transform(throwing)) } }, () => "unreachable"))
  .tool(tool({ name: "decode", input: jsonSchema({ type: "object" }, { decode: throwing }) }, () => "unreachable"))
  .tool(tool({ name: "fine", input: { a: v.string() } }, ({ a }) => a))
  .add(
    extension({
      id,
      methods: { "parse/run": method({ params: { a: v.pipe(v.string(), v.transform(throwing)) } }, () => ({})) }
    })
  )

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

/** Fails unless a text is masked behind a reference under which the log has the whole story. */
const expectMasked = (text: string) => {
  const [, reference] = /^Internal error \(reference ([0-9a-f]{8})\)$/.exec(text) ?? []
  expect(reference, text).toBeDefined()
  const logged = log.mock.calls.flat().map(String).join("\n")
  expect(logged).toContain(reference)
  expect(logged).toContain("secret 42")
}

const args = { a: "x" }

describe.each(["transform", "decode"])("arguments on which %s throws", (name) => {
  it.each(["sessionless", "2025-11-25"] as const)("are a masked error on a connection (%s)", async (speak) => {
    await using wire = await connectWire(main, { speak })
    const failed = await wire.call(name, args)
    expect(failed.isError).toBe(true)
    expectMasked(failed.content[0].text)
    expect(await wire.text("fine", args)).toBe("x")
  })

  it.each(["2026-07-28", "2025-11-25"])("are a masked error over HTTP (%s)", async (revision) => {
    await using serving = await listen(main)
    const call = (tool: string) => post(serving.url, requestOf(revision, "tools/call", { name: tool, arguments: args }))
    const { status, message } = await call(name)
    expect(status).toBe(200)
    expect(message.result.isError).toBe(true)
    expectMasked(message.result.content[0].text)
    expect((await call("fine")).message.result.content[0].text).toBe("x")
  })
})

describe("params of an extension's method that cannot be transformed", () => {
  it.each(["sessionless", "2025-11-25"] as const)("are a masked error on a connection (%s)", async (speak) => {
    await using wire = await connectWire(main, { speak, capabilities: extensions })
    const { error } = await wire.request("parse/run", args)
    expect(error.code).toBe(-32603)
    expectMasked(error.message)
    expect(await wire.text("fine", args)).toBe("x")
  })

  it("are a masked error over HTTP", async () => {
    await using serving = await listen(main)
    const { status, message } = await post(serving.url, requestOf("2026-07-28", "parse/run", args, extensions))
    expect(status).toBe(200)
    expect(message.error.code).toBe(-32603)
    expectMasked(message.error.message)
    expect((await post(serving.url, requestOf("2026-07-28", "tools/list"))).status).toBe(200)
  })
})
