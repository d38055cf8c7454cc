import { PassThrough } from "node:stream"
import { serve } from "mcpipe"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire, envelope, type WireOptions } from "../kit/wire.ts"
import { fixture, held } from "./fixture.ts"
import { leaksOf } from "./leaks.ts"

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))

const error = (code: number, message: string, id?: unknown) => ({
  jsonrpc: "2.0",
  ...(id === undefined ? undefined : { id }),
  error: { code, message }
})

const add = { name: "add", arguments: { a: 1, b: 2 } }

/** Sends messages and, after them, a call that must be answered as if they had never been; what came before its answer. */
const provoke = async (messages: ReadonlyArray<unknown>, options?: WireOptions) => {
  await using wire = await connectWire(fixture, options)
  const before = wire.received.length
  for (const message of messages) wire.send(message)
  wire.send({ jsonrpc: "2.0", id: "after", method: "tools/call", params: { ...add, _meta: envelope() } })
  const after = await wire.next((message) => message.id === "after")
  expect(after.result.content).toEqual([{ type: "text", text: "3" }])
  const answers = wire.received.slice(before).filter((message) => message !== after)
  expect(leaksOf(JSON.stringify(answers))).toEqual([])
  return answers
}

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

const request = (method: string, params?: unknown, id: unknown = 1) => ({ jsonrpc: "2.0", id, method, params })
const modern = (method: string, params: object = {}, id: unknown = 1) =>
  request(method, { ...params, _meta: envelope() }, id)

describe("a peer on a duplex transport that sends", () => {
  it.each<[string, ReadonlyArray<unknown>, ReadonlyArray<unknown>, WireOptions?]>([
    [
      "a request before initialize is told of both ways to begin",
      [request("tools/list")],
      [
        error(
          -32600,
          'Send initialize before "tools/list", or the io.modelcontextprotocol/protocolVersion envelope of 2026-07-28 with it.',
          1
        )
      ],
      { speak: "nothing" }
    ],
    [
      "a method named __proto__ before initialize is told the same",
      [request("__proto__")],
      [
        error(
          -32600,
          'Send initialize before "__proto__", or the io.modelcontextprotocol/protocolVersion envelope of 2026-07-28 with it.',
          1
        )
      ],
      { speak: "nothing" }
    ],
    [
      "ping before initialize is answered",
      [request("ping")],
      [{ jsonrpc: "2.0", id: 1, result: {} }],
      { speak: "nothing" }
    ],
    [
      "a bad initialize agrees on nothing",
      [request("initialize", {}), request("tools/list", {}, 2)],
      [
        error(-32602, 'initialize: params.protocolVersion must be a string, such as "2025-11-25".', 1),
        error(
          -32600,
          'Send initialize before "tools/list", or the io.modelcontextprotocol/protocolVersion envelope of 2026-07-28 with it.',
          2
        )
      ],
      { speak: "nothing" }
    ],
    [
      "an unknown version in an envelope gets the ones there are",
      [request("tools/list", { _meta: { ...envelope(), "io.modelcontextprotocol/protocolVersion": "2030-01-01" } })],
      [
        {
          jsonrpc: "2.0",
          id: 1,
          error: {
            code: -32022,
            message: 'Unsupported protocol version "2030-01-01"; use 2026-07-28.',
            data: { supported: ["2026-07-28"], requested: "2030-01-01" }
          }
        }
      ]
    ],
    [
      "half an envelope is told of the other half",
      [request("tools/list", { _meta: { "io.modelcontextprotocol/clientCapabilities": {} } })],
      [error(-32602, 'params._meta["io.modelcontextprotocol/protocolVersion"] must be a string.', 1)]
    ],
    [
      "ping with an envelope learns that it is gone",
      [modern("ping")],
      [error(-32601, 'Method not found: "ping"; this server does not serve it at revision 2026-07-28.', 1)]
    ],
    [
      "logging/setLevel with an envelope learns that it is gone",
      [modern("logging/setLevel", { level: "info" })],
      [error(-32601, 'Method not found: "logging/setLevel"; this server does not serve it at revision 2026-07-28.', 1)]
    ],
    ["null is told what a message is", [null], [error(-32600, "A message must be a JSON-RPC object, not null.")]],
    ["a number is told what a message is", [7], [error(-32600, "A message must be a JSON-RPC object, not 7.")]],
    [
      "an id of null is told what ids are",
      [request("ping", {}, null)],
      [error(-32600, "id must be a string or an integer of at most 53 bits; it is null.")]
    ],
    [
      "a BigInt is told that it is no JSON",
      [{ id: 1n }],
      [error(-32700, "The message is not JSON: it holds a BigInt or a value whose toJSON fails.")]
    ],
    [
      "a circle is told the depth there is",
      [cyclic],
      [error(-32600, "The message nests deeper than 64 levels, the most this server reads.")]
    ],
    [
      "a response nobody waits for hears nothing",
      [
        { jsonrpc: "2.0", id: 99, result: {} },
        { jsonrpc: "2.0", id: "x", error: { code: 1, message: "m" } }
      ],
      []
    ],
    [
      "a response without id is told that it has none",
      [{ jsonrpc: "2.0", result: {} }],
      [error(-32600, "A response must have the id of a request: a string or an integer.")]
    ],
    ["an unknown notification hears nothing", [{ jsonrpc: "2.0", method: "notifications/nope" }], []],
    [
      "cancellations of nothing at all hears nothing",
      [1, "1", null, {}, [], "__proto__", 1.5, undefined].map((requestId) => ({
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId }
      })),
      []
    ],
    ["a cancellation without params hears nothing", [{ jsonrpc: "2.0", method: "notifications/cancelled" }], []],
    [
      "a batch on 2025-11-25 is told the revision of batches",
      [[request("ping")]],
      [error(-32600, "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.")],
      { speak: "2025-11-25" }
    ],
    [
      "a batch on 2026-07-28 is told the revision of batches",
      [[modern("tools/list")]],
      [error(-32600, "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.")]
    ],
    [
      "an empty batch on 2025-03-26 is told its size",
      [[]],
      [error(-32600, "A batch holds 1 to 100 messages, not 0.")],
      { speak: "2025-03-26" }
    ],
    [
      "a batch within a batch is refused like any other value",
      [[[request("ping")], request("ping", {}, 7)]],
      [
        error(-32600, 'A message must be a JSON-RPC object, not [{"jsonrpc":"2.0","id":1,"method":"ping"}].'),
        { jsonrpc: "2.0", id: 7, result: {} }
      ],
      { speak: "2025-03-26" }
    ]
  ])("%s", async (_, messages, answers, options) => {
    expect(await provoke(messages, options)).toEqual(answers)
  })

  it("the id of a request in flight is refused without harm to that request", async () => {
    await using wire = await connectWire(fixture)
    wire.send(modern("tools/call", { name: "hold", arguments: { id: "twice" } }, "h"))
    wire.send(modern("tools/call", add, "h"))
    const refused = await wire.next((message) => message.id === "h")
    expect(refused).toEqual(
      error(-32600, 'Request id "h" is in use by a request in flight; use a new id for each request.', "h")
    )
    expect(held.has("twice")).toBe(true)
    wire.notify("notifications/cancelled", { requestId: "h" })
    expect(held.has("twice")).toBe(false)
    wire.send(modern("tools/call", add, "h"))
    const answer = await wire.next((message) => message.id === "h" && message.result !== undefined)
    expect(answer.result.content[0].text).toBe("3")
  })

  it("an id of the other type than the one in flight is another id", async () => {
    await using wire = await connectWire(fixture)
    wire.send(modern("tools/call", { name: "hold", arguments: { id: "number" } }, 1))
    wire.send(modern("tools/call", add, "1"))
    expect((await wire.next((message) => message.id === "1")).result.content[0].text).toBe("3")
    wire.notify("notifications/cancelled", { requestId: "1" })
    expect(held.has("number")).toBe(true)
  })
})

describe("stdin that holds", () => {
  const lines = async (input: ReadonlyArray<string | Uint8Array>, options: object = {}) => {
    const stdin = new PassThrough()
    const stdout = new PassThrough()
    const serving = await serve(fixture, { stdio: { input: stdin, output: stdout, ...options }, signals: false })
    for (const chunk of input) stdin.write(chunk)
    stdin.end(`${JSON.stringify(modern("tools/call", add, "after"))}\n`)
    await serving.closed
    const text = String(stdout.read())
    expect(leaksOf(text)).toEqual([])
    const answers = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(answers.pop()).toMatchObject({ id: "after", result: { content: [{ text: "3" }] } })
    return answers
  }

  it("what is no JSON, and what no message, is answered line by line", async () => {
    const answers = await lines(["{oops\n", "\n  \n", '"text"\n', '{"jsonrpc":"2.0","id":1,"method":"x\n', "[]\n"])
    expect(answers).toEqual([
      error(-32700, expect.stringMatching(/^The message is not valid JSON: Expected property name/) as never),
      error(-32600, 'A message must be a JSON-RPC object, not "text".'),
      error(-32700, expect.stringMatching(/^The message is not valid JSON: Unterminated string/) as never),
      error(-32600, "JSON-RPC batches are of revision 2025-03-26 only; send one message at a time.")
    ])
  })

  it("bytes of no text, a line without end and a nest without bottom is refused and passed over", async () => {
    const answers = await lines(
      [Uint8Array.of(0x22, 0xff, 0x22, 0x0a), `${"x".repeat(2_000)}\n`, `${"[".repeat(500)}\n`],
      {
        maxLineBytes: 1_000
      }
    )
    expect(answers).toEqual([
      error(-32700, "The message is not valid UTF-8, as JSON must be (RFC 8259 §8.1)."),
      error(-32700, "The line is longer than 1000 bytes, the most this server reads."),
      error(-32600, "The message nests deeper than 64 levels, the most this server reads.")
    ])
  })

  it("a __proto__ key changes nobody's prototype", async () => {
    const line = JSON.stringify(modern("tools/call", { name: "free", arguments: { PROTO: { polluted: 1 } } }, 1))
    const [answer] = await lines([`${line.replace("PROTO", "__proto__")}\n`])
    expect(answer.result.content[0].text).toMatch(/- __proto__: expected no property of this name/)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
