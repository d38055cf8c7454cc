import { PassThrough, Writable } from "node:stream"
import { describe, expect, it } from "vitest"
import { serveStdio, type StdioOptions, stdioSettings } from "../../lib/transports/stdio.ts"
import { fakePorts } from "../kit/fake-ports.ts"

const start = (options: StdioOptions = {}, gracePeriod = 10_000) => {
  const fake = fakePorts()
  const input = new PassThrough()
  const writes: Array<string> = []
  let wake = () => {}
  const output = new Writable({
    write: (chunk, _, done) => {
      writes.push(String(chunk))
      wake()
      done()
    }
  })
  const serving = serveStdio(fake.ports, stdioSettings({ input, output, ...options }, gracePeriod))
  const messages = () =>
    writes
      .join("")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  /** Settles when `count` messages are out. */
  const answers = async (count: number) => {
    while (messages().length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return messages()
  }
  return { ...fake, ...serving, input, output, writes, messages, answers }
}

const call = (id: number, method: string, params: object = {}) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`

const ok = (id: number, result: object) => ({ jsonrpc: "2.0", id, result })

describe("stdio", () => {
  it("answers one line for each line, however they are cut", async () => {
    const { input, answers } = start()
    const line = call(1, "echo", { text: "größe\nnext" })
    const bytes = Buffer.from(line)
    for (const byte of bytes) {
      input.write(Buffer.from([byte]))
    }
    input.write(`\r\n${call(2, "later").trimEnd()}\r\n\n`)
    expect(await answers(2)).toStrictEqual([ok(1, { text: "größe\nnext" }), ok(2, {})])
  })

  it("answers the requests of one chunk in one write, and those of one turn too", async () => {
    const { input, answers, writes } = start()
    input.write(Array.from({ length: 32 }, (_, id) => call(id, "echo")).join(""))
    await answers(32)
    expect(writes.length).toBe(1)
    input.write(Array.from({ length: 32 }, (_, id) => call(id, "later")).join(""))
    await answers(64)
    expect(writes.length).toBe(2)
  })

  it("keeps the order of answers prepared as bytes", async () => {
    const { input, answers } = start()
    input.write(call(1, "echo") + call(2, "prepared") + call(3, "echo"))
    expect(await answers(3)).toStrictEqual([ok(1, {}), ok(2, { tools: [{ name: "größe" }] }), ok(3, {})])
  })

  it("answers bad lines with an error that has no id, and lives", async () => {
    const { input, answers } = start({ maxLineBytes: 200 })
    input.write('{"a":\n')
    input.write(`${"[".repeat(100)}\n`)
    input.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]))
    input.write(`${"x".repeat(201)}\n`)
    input.write(call(1, "echo"))
    const [json, deep, utf8, long, good] = await answers(5)
    expect(json).toStrictEqual({
      jsonrpc: "2.0",
      error: { code: -32700, message: expect.stringMatching(/^The message is not valid JSON: /) }
    })
    expect(deep.error).toEqual({
      code: -32600,
      message: "The message nests deeper than 64 levels, the most this server reads."
    })
    expect(utf8.error).toEqual({
      code: -32700,
      message: "The message is not valid UTF-8, as JSON must be (RFC 8259 §8.1)."
    })
    expect(long.error).toEqual({
      code: -32700,
      message: "The line is longer than 200 bytes, the most this server reads."
    })
    expect(good).toEqual(ok(1, {}))
  })

  it("answers a 100 MB line once, without memory for it", async () => {
    const { input, answers } = start()
    const chunk = Buffer.alloc(1_000_000, "x")
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    for (let sent = 0; sent < 100; sent++) {
      if (!input.write(chunk)) {
        await new Promise<void>((resolve) => input.once("drain", resolve))
      }
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    input.write(`\n${call(1, "echo")}`)
    expect(await answers(2)).toMatchObject([{ error: { code: -32700 } }, ok(1, {})])
    expect(most).toBeLessThan(10_000_000)
  })

  it("finishes what is in flight when its input ends, answers the last line without a line break, then closes", async () => {
    const { input, closed, messages, next, release, interrupts } = start()
    const held = next("held")
    input.write(call(1, "hold"))
    await held
    const last = next("received")
    input.end(call(2, "echo").trimEnd())
    await last
    release()
    await closed
    expect(messages()).toStrictEqual([ok(2, {}), ok(1, { released: true })])
    expect(interrupts).toEqual([])
  })

  it("interrupts, and answers, what outlasts the grace period after its input ended", async () => {
    const { input, closed, messages, next, interrupts } = start({}, 0)
    const held = next("held")
    input.write(call(1, "hold"))
    await held
    input.end()
    await closed
    expect(interrupts).toEqual(["drained"])
    expect(messages()).toMatchObject([{ id: 1, error: { code: -32603 } }])
  })

  it("refuses requests while draining, but still takes notifications", async () => {
    const { input, drain, answers, next, release, received } = start()
    const held = next("held")
    input.write(call(1, "hold"))
    await held
    const drained = drain(60_000)
    input.write(call(2, "echo"))
    input.write(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled" })}\n`)
    expect(await answers(1)).toStrictEqual([
      {
        jsonrpc: "2.0",
        id: 2,
        error: { code: -32603, message: "The server is shutting down; try again, another may answer." }
      }
    ])
    expect(received).toHaveLength(2)
    release()
    await drained
    expect(await answers(2)).toContainEqual(ok(1, { released: true }))
  })

  it("treats a broken output as a disconnect: interrupts, answers nobody, and does not crash", async () => {
    const { input, output, closed, next, interrupts, messages } = start()
    const held = next("held")
    input.write(call(1, "hold"))
    await held
    output.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }))
    await closed
    expect(interrupts).toEqual(["disconnected"])
    expect(messages()).toEqual([])
  })

  it("stops reading requests while the client does not read answers", async () => {
    const fake = fakePorts()
    const input = new PassThrough()
    let proceed = () => {}
    const output = new Writable({
      highWaterMark: 10,
      write: (_chunk, _encoding, done) => {
        proceed = done
      }
    })
    serveStdio(fake.ports, stdioSettings({ input, output }, 0))
    const received = fake.next("received")
    input.write(call(1, "many", { text: "x".repeat(1_000), count: 1_100 }))
    await received
    expect(input.isPaused()).toBe(true)
    const resumed = new Promise((resolve) => input.once("resume", resolve))
    proceed()
    await resumed
  })

  it("lets go of its streams: no listener stays behind", async () => {
    const { input, output, drain } = start()
    await drain(0)
    for (const stream of [input, output]) {
      for (const event of ["data", "error"]) {
        expect(stream.listenerCount(event)).toBe(0)
      }
    }
  })
})
