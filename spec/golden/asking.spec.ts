import { PassThrough } from "node:stream"
import { Effect, Elicitation, RequestContext, Roots, serve, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { connectWire, gate } from "../kit/wire.ts"

const info = { name: "asking", version: "1" }

const roots = tool({ name: "roots" }, function* () {
  return (yield* Roots.list).map(({ uri }) => uri).join()
})

const which = tool({ name: "which", input: { n: v.number() } }, function* ({ n }) {
  return `${n}: ${yield* Elicitation.text(`What is ${n}?`)}`
})

const rooted = (id: unknown, ...uris: ReadonlyArray<string>) => ({
  jsonrpc: "2.0",
  id,
  result: { roots: uris.map((uri) => ({ uri })) }
})

const call = (id: unknown, name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args }
})

const text = (id: unknown, said: string) => ({
  jsonrpc: "2.0",
  id,
  result: { content: [{ type: "text", text: said }] }
})

const cancelled = (requestId: unknown) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason: "The server no longer needs the answer." }
})

const isAsk = ({ method }: { readonly method?: string }) => method === "roots/list" || method === "elicitation/create"

describe.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const)("a connection of %s", (speak) => {
  it("carries requests of the server's own, whose answers let the call go on", async () => {
    await using wire = await connectWire(server(info).tool(roots), { speak, capabilities: { roots: {} } })
    wire.send(call("a", "roots"))
    // ids of both sides may be the same: each answers the other's
    expect(await wire.next(isAsk)).toStrictEqual({ jsonrpc: "2.0", id: "mcpipe-1", method: "roots/list", params: {} })
    wire.send(rooted("mcpipe-1", "file:///a", "file:///b"))
    expect(await wire.next(({ id }) => id === "a")).toStrictEqual(text("a", "file:///a,file:///b"))
  })
})

describe("a question over a connection", () => {
  const open = (...tools: ReadonlyArray<any>) =>
    connectWire(server(info).add(roots, which, ...tools), {
      speak: "2025-11-25",
      capabilities: { roots: {}, elicitation: {} }
    })

  it("finds its answer among fifty, the last asked being answered first", async () => {
    await using wire = await open()
    const numbers = Array.from({ length: 50 }, (_, n) => n)
    for (const n of numbers) wire.send(call(`call-${n}`, "which", { n }))
    await wire.next(({ id }) => id === "mcpipe-50")
    for (const { id, params } of wire.received.filter(isAsk).reverse()) {
      const [field] = Object.keys(params.requestedSchema.properties)
      wire.send({ jsonrpc: "2.0", id, result: { action: "accept", content: { [field!]: params.message } } })
    }
    for (const n of numbers) {
      const answer = await wire.next(({ id }) => id === `call-${n}`)
      expect(answer).toStrictEqual(text(`call-${n}`, `${n}: What is ${n}?`))
    }
  })

  it("is over for the client when it cancels the call, and an answer on its way is ignored", async () => {
    await using wire = await open()
    wire.send(call(1, "roots"))
    const asked = await wire.next(isAsk)
    wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } })
    expect(await wire.next(({ method }) => method === "notifications/cancelled")).toStrictEqual(cancelled(asked.id))
    const before = wire.received.length
    wire.send(rooted(asked.id, "file:///late"))
    expect((await wire.request("ping")).result).toStrictEqual({})
    expect(wire.received.length).toBe(before + 1)
  })

  it("is over when the call that asked ends without its answer, before the answer of the call", async () => {
    const hasty = tool({ name: "hasty" }, function* () {
      yield* Effect.forkDetach(Roots.list, { startImmediately: true })
      return "done"
    })
    await using wire = await open(hasty)
    wire.send(call("h", "hasty"))
    await wire.next(({ id }) => id === "h")
    expect(wire.received.slice(1)).toStrictEqual([
      { jsonrpc: "2.0", id: "mcpipe-1", method: "roots/list", params: {} },
      cancelled("mcpipe-1"),
      text("h", "done")
    ])
  })

  it("is not put for a call that has ended", async () => {
    const goOn = gate()
    const failed = gate<string>()
    const leaky = tool({ name: "leaky" }, function* () {
      const late = Effect.andThen(
        Effect.promise(() => goOn.opened),
        Roots.list
      )
      yield* Effect.forkDetach(
        Effect.catch(late, (failure) => Effect.sync(() => failed.open(failure.message))),
        { startImmediately: true }
      )
      return "done"
    })
    await using wire = await open(leaky)
    expect(await wire.text("leaky")).toBe("done")
    goOn.open()
    expect(await failed.opened).toBe("The client did not answer roots/list: the request that it was part of has ended")
    expect(wire.received.filter(isAsk)).toStrictEqual([])
  })

  it("fails where the client refuses it, with the client's words", async () => {
    await using wire = await open()
    wire.send(call("r", "roots"))
    const { id } = await wire.next(isAsk)
    wire.send({ jsonrpc: "2.0", id, error: { code: -32603, message: "No roots today" } })
    expect((await wire.next(({ id }) => id === "r")).result).toStrictEqual({
      isError: true,
      content: [{ type: "text", text: "The client did not answer roots/list: No roots today (code -32603)" }]
    })
  })

  it("ends with the connection: the call is interrupted, and nothing of it goes on", async () => {
    const events: Array<string> = []
    const ended = gate()
    const careful = tool({ name: "careful" }, () =>
      Roots.list.pipe(
        Effect.catch(() => Effect.sync(() => events.push("failed"))),
        Effect.onInterrupt(() => Effect.sync(() => events.push("interrupted"))),
        Effect.ensuring(Effect.sync(ended.open))
      )
    )
    await using wire = await open(careful)
    wire.send(call(1, "careful"))
    await wire.next(isAsk)
    wire.leave()
    await ended.opened
    expect(events).toStrictEqual(["interrupted"])
  })

  it("can be put by calls of the handshake only; those of 2026-07-28 beside it are asked in their own way", async () => {
    const who = tool({ name: "who" }, function* () {
      return JSON.stringify([(yield* RequestContext).sessionId ?? null])
    })
    await using wire = await open(who)
    await using other = await open(who)
    const [session] = JSON.parse(await wire.text("who"))
    expect(session).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.parse(await wire.text("who"))).toStrictEqual([session])
    expect(JSON.parse(await other.text("who"))).not.toStrictEqual([session])
    const envelope = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": { roots: {} }
    }
    const sessionless = (id: string, name: string) => ({
      ...call(id, name),
      params: { name, _meta: envelope }
    })
    wire.send(sessionless("s1", "who"))
    expect((await wire.next(({ id }) => id === "s1")).result.content[0].text).toBe("[null]")
    wire.send(sessionless("s2", "roots"))
    expect((await wire.next(({ id }) => id === "s2")).result.resultType).toBe("input_required")
    expect(wire.received.filter(isAsk)).toStrictEqual([])
  })
})

describe("a question over stdio", () => {
  const open = async (gracePeriod: number, revision = "2025-11-25") => {
    const input = new PassThrough()
    const output = new PassThrough()
    const serving = await serve(server(info).tool(roots), { stdio: { input, output }, signals: false, gracePeriod })
    const lines: Array<any> = []
    const waiting = new Set<() => void>()
    let rest = ""
    output.setEncoding("utf8").on("data", (chunk: string) => {
      const whole = (rest + chunk).split("\n")
      rest = whole.pop()!
      lines.push(...whole.map((line) => JSON.parse(line)))
      for (const look of [...waiting]) look()
    })
    const next = (fits: (message: any) => boolean): Promise<any> =>
      new Promise((resolve) => {
        const look = () => {
          const found = lines.flat().find(fits)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      })
    const send = (message: unknown) => void input.write(`${JSON.stringify(message)}\n`)
    const clientInfo = { name: "by-hand", version: "0" }
    const params = { protocolVersion: revision, capabilities: { roots: {} }, clientInfo }
    send({ jsonrpc: "2.0", id: "init", method: "initialize", params })
    await next(({ id }) => id === "init")
    send(call(1, "roots"))
    const asked = await next(isAsk)
    /** Begins to close, and settles once requests are refused. */
    const close = async () => {
      const closed = serving.close()
      for (let n = 0; ; n++) {
        send({ jsonrpc: "2.0", id: `ping-${n}`, method: "ping" })
        const { error } = await next(({ id }) => id === `ping-${n}`)
        if (error !== undefined) return { error, closed }
      }
    }
    return { input, send, next, asked, close, serving }
  }

  it("fails at once when the client has closed its end, since no answer can come", async () => {
    const { input, next, serving } = await open(60_000)
    input.end()
    expect((await next(({ id }) => id === 1)).result).toStrictEqual({
      isError: true,
      content: [{ type: "text", text: "The client did not answer roots/list: it has gone away" }]
    })
    await serving.closed
  })

  it("is answered while the server drains, which takes no more requests", async () => {
    const { send, next, asked, close } = await open(60_000)
    const { error, closed } = await close()
    expect(error.message).toBe("The server is shutting down; try again, another may answer.")
    send(rooted(asked.id, "file:///in/time"))
    expect(await next(({ id }) => id === 1)).toStrictEqual(text(1, "file:///in/time"))
    await closed
  })

  it("is answered in a batch too, on 2025-03-26", async () => {
    const { send, next, asked, close } = await open(60_000, "2025-03-26")
    const { closed } = await close()
    send([rooted(asked.id, "file:///a"), { jsonrpc: "2.0", id: 2, method: "ping" }])
    expect((await next(({ id, error }) => id === undefined && error !== undefined)).error.message).toContain("shutting")
    send([{ jsonrpc: "2.0", method: "notifications/initialized" }, rooted(asked.id, "file:///b")])
    expect(await next(({ id }) => id === 1)).toStrictEqual(text(1, "file:///b"))
    await closed
  })

  it("is over for the client, too, when the server's patience with its calls is", async () => {
    const { next, serving } = await open(0)
    const closing = serving.close()
    expect((await next(({ id }) => id === 1)).error.message).toContain("interrupted")
    expect(await next(({ method }) => method === "notifications/cancelled")).toStrictEqual(cancelled("mcpipe-1"))
    await closing
  })
})
