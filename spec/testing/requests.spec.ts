import {
  ClientLog,
  Effect,
  middleware,
  Principal,
  Progress,
  prompt,
  Resource,
  RequestContext,
  resource,
  server,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { connect, RequestError } from "../../lib/testing/index.ts"
import { gate } from "../kit/wire.ts"
import { inEachEra, info } from "./eras.ts"

const note = resource(
  {
    uri: "note://{id}{?tag}",
    complete: { id: (prefix) => ["a1", "a2", "b1"].filter((one) => one.startsWith(prefix)) }
  },
  ({ id, tag }) => (id === "none" ? [] : [Resource.text(`${id} ${tag}`), Resource.json({ id })])
)
const about = resource({ uri: "about://us", mimeType: "text/markdown" }, () => "# Us")
const greet = prompt(
  {
    name: "greet",
    description: "Greets",
    args: { who: v.string(), how: v.optional(v.string()) },
    complete: { who: (prefix, { how }) => [`${prefix}l`, `${how}`] }
  },
  ({ who }) => `Greet ${who}`
)
const look = tool({ name: "look" }, function* () {
  const { id, anonymous, scopes } = yield* Principal
  const { era, revision, client, meta } = yield* RequestContext
  return { id, anonymous, scopes, era, revision, client: client.info?.name ?? null, meta: meta["x"] ?? null }
})
const work = tool({ name: "work", input: { steps: v.number() } }, function* ({ steps }) {
  for (let step = 1; step <= steps; step++) {
    yield* Progress.report(step, steps, `step ${step}`)
    yield* ClientLog.info({ step }, "worker")
  }
  yield* ClientLog.debug("done")
  return steps
})

inEachEra((era) => {
  it("reads resources and templates, by value and by URI", async () => {
    await using client = await connect(server(info).add(note, about), { era })
    expect(await client.read(about)).toEqual([{ uri: "about://us", mimeType: "text/markdown", text: "# Us" }])
    expect(await client.read("about://us")).toHaveLength(1)
    const both = await client.read(note, { id: "a 1", tag: "t" })
    expect(both.map(({ uri, text }) => [uri, text])).toEqual([
      ["note://a%201?tag=t", "a 1 t"],
      ["note://a%201?tag=t", '{"id":"a 1"}']
    ])
    await expect(client.read(note, {} as never)).rejects.toThrow(
      'Cannot expand "note://{id}{?tag}": give "id" a non-empty string.'
    )
    const unknown = await client.read("gone://x").catch((error) => error)
    expect(unknown).toBeInstanceOf(RequestError)
    expect(unknown).toMatchObject({ code: era === "handshake" ? -32002 : -32602, data: { uri: "gone://x" } })
  })

  it("gets prompts", async () => {
    await using client = await connect(server(info).prompt(greet), { era })
    const messages = [{ role: "user", content: { type: "text", text: "Greet Al" } }]
    expect(await client.get(greet, { who: "Al" })).toEqual({ description: "Greets", messages })
    expect(await client.get("greet", { who: "Al" })).toEqual({ description: "Greets", messages })
    await expect(client.get("greet")).rejects.toMatchObject({ name: "RequestError", code: -32602 })
  })

  it("completes arguments of prompts and variables of templates", async () => {
    await using client = await connect(server(info).add(note, greet), { era })
    expect(await client.complete(note, "id", "a")).toEqual({ values: ["a1", "a2"], total: 2, hasMore: false })
    expect(await client.complete("note://{id}{?tag}", "id", "b")).toMatchObject({ values: ["b1"] })
    expect(await client.complete(greet, "who", "A", { how: "well" })).toMatchObject({ values: ["Al", "well"] })
    expect(await client.complete("greet", "who", "E")).toMatchObject({ values: ["El", "undefined"] })
  })

  it("lists everything, page after page, and nothing where there is nothing", async () => {
    const tools = Array.from({ length: 5 }, (_, n) => tool({ name: `t${n}` }, () => n))
    await using client = await connect(server({ ...info, pageSize: 2 }).add(...tools, note, about, greet), { era })
    expect((await client.list.tools()).map(({ name }) => name)).toEqual(["t0", "t1", "t2", "t3", "t4"])
    expect((await client.list.resources()).map(({ uri }) => uri)).toEqual(["about://us"])
    expect((await client.list.templates()).map(({ uriTemplate }) => uriTemplate)).toEqual(["note://{id}{?tag}"])
    expect((await client.list.prompts()).map(({ name }) => name)).toEqual(["greet"])
    await using empty = await connect(server(info), { era })
    const { tools: none, resources, templates, prompts } = empty.list
    expect(await Promise.all([none(), resources(), templates(), prompts()])).toEqual([[], [], [], []])
  })

  it("tells who the server is", async () => {
    await using client = await connect(server({ ...info, title: "Main", instructions: "Be kind." }).tool(look), { era })
    expect(client.serverInfo).toEqual({ ...info, title: "Main" })
    expect(await client.discover()).toEqual({
      serverInfo: { ...info, title: "Main" },
      capabilities: { logging: {}, tools: {} },
      instructions: "Be kind.",
      supportedVersions: [era === "handshake" ? "2025-11-25" : "2026-07-28"]
    })
  })

  it("is who it is told to be", async () => {
    const revision = era === "handshake" ? "2025-11-25" : "2026-07-28"
    await using nobody = await connect(server(info).tool(look), { era })
    expect(await nobody.call(look)).toEqual({
      id: "anonymous",
      anonymous: true,
      scopes: [],
      era,
      revision,
      client: "mcpipe/testing",
      meta: null
    })
    await using ann = await connect(server(info).tool(look), { era, principal: "ann" })
    expect(await ann.call(look)).toMatchObject({ id: "ann", anonymous: false })
    await using bob = await connect(server(info).tool(look), {
      era,
      principal: { id: "bob", scopes: ["admin"] },
      clientInfo: { name: "cli", version: "3" }
    })
    expect(await bob.call(look, {}, { meta: { x: 1 } })).toMatchObject({
      id: "bob",
      scopes: ["admin"],
      client: "cli",
      meta: 1
    })
  })

  it("collects progress and log messages, and hands them on", async () => {
    const told: Array<unknown> = []
    await using client = await connect(server(info).tool(work), {
      era,
      onProgress: ({ message }) => told.push(message),
      onLog: ({ data }) => told.push(data)
    })
    const own: Array<number> = []
    await client.call(work, { steps: 2 }, { onProgress: ({ progress }) => own.push(progress) })
    await client.call(work, { steps: 1 })
    const report = (progress: number, total: number) => ({ progress, total, message: `step ${progress}` })
    expect(client.progress).toEqual([report(1, 2), report(2, 2), report(1, 1)])
    expect(client.logs).toEqual([1, 2, 1].map((step) => ({ level: "info", data: { step }, logger: "worker" })))
    expect(told).toEqual(["step 1", { step: 1 }, "step 2", { step: 2 }, "step 1", { step: 1 }])
    expect(own).toEqual([1, 2])
  })

  it("hears log messages from the level it wants on", async () => {
    const levels = async (logLevel: "debug" | "error") => {
      await using client = await connect(server(info).tool(work), { era, logLevel })
      await client.call(work, { steps: 1 })
      return client.logs.map(({ level }) => level)
    }
    expect(await levels("debug")).toEqual(["info", "debug"])
    expect(await levels("error")).toEqual([])
  })

  it("a listener that throws fails the call it was told of", async () => {
    await using client = await connect(server(info).add(work, look), {
      era,
      onLog: () => {
        throw new Error("unexpected log")
      }
    })
    await expect(client.call(work, { steps: 1 })).rejects.toThrow("unexpected log")
    await expect(
      client.call(
        work,
        { steps: 0 },
        {
          onProgress: () => {
            throw new Error("unexpected progress")
          }
        }
      )
    ).resolves.toBe(0)
    await expect(
      client.call(
        work,
        { steps: 1 },
        {
          onProgress: () => {
            throw new Error("unexpected progress")
          }
        }
      )
    ).rejects.toThrow("unexpected progress")
  })

  it("records everything that crosses the line, as copies", async () => {
    const rows = [1]
    const t = tool({ name: "t" }, () => ({ rows }))
    await using client = await connect(server(info).tool(t), { era })
    const start = client.traffic.length
    await client.call(t)
    rows.push(2)
    const [sent, given, ...rest] = client.traffic.slice(start)
    expect(rest).toEqual([])
    expect(sent).toMatchObject({ from: "client", message: { method: "tools/call", params: { name: "t" } } })
    expect(given).toMatchObject({ from: "server", message: { result: { structuredContent: { rows: [1] } } } })
    expect(given!.message["id"]).toBe(sent!.message["id"])
    if (era === "handshake") {
      expect(client.traffic.slice(0, start).map(({ from, message }) => [from, message["method"]])).toEqual([
        ["client", "initialize"],
        ["server", undefined],
        ["client", "notifications/initialized"]
      ])
    } else expect(start).toBe(0)
  })

  it("sends any request, and gives its raw result or error", async () => {
    await using client = await connect(server(info).tool(look), { era })
    const { tools } = await client.request("tools/list", {})
    expect(tools).toMatchObject([{ name: "look" }])
    await expect(client.request("no/such")).rejects.toMatchObject({ name: "RequestError", code: -32601 })
  })

  it("a request hook sees each wire request of the client", async () => {
    const seen: Array<string> = []
    const audit = middleware((next, { method }) => Effect.tap(next, () => Effect.sync(() => void seen.push(method))))
    await using client = await connect(server(info).tool(look).use(audit), { era })
    await client.call(look)
    expect(seen).toEqual(era === "handshake" ? ["initialize", "tools/call"] : ["tools/call"])
  })

  describe("a signal", () => {
    it("cancels the call on the server, interrupts its handler and rejects with the reason", async () => {
      const begun = gate()
      const ended: Array<string> = []
      const stuck = tool({ name: "stuck" }, () =>
        Effect.andThen(Effect.sync(begun.open), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(() => void ended.push("interrupted")))
        )
      )
      await using client = await connect(server(info).add(stuck, look), { era })
      const controller = new AbortController()
      const call = client.call(stuck, {}, { signal: controller.signal })
      await begun.opened
      const reason = new Error("changed my mind")
      controller.abort(reason)
      await expect(call).rejects.toBe(reason)
      expect(ended).toEqual(["interrupted"])
      const { id } = client.traffic.find(({ message }) => message["method"] === "tools/call")!.message
      expect(client.traffic.at(-1)!.message).toEqual({
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: id, reason: "Error: changed my mind" }
      })
      expect(await client.call(look)).toMatchObject({ era })
    })

    it("aborts the signal of an async handler", async () => {
      const begun = gate()
      const told = gate<unknown>()
      const stuck = tool({ name: "stuck" }, (_, { signal }) => {
        signal.addEventListener("abort", () => told.open(signal.aborted))
        begun.open()
        return new Promise<void>(() => {})
      })
      await using client = await connect(server(info).tool(stuck), { era })
      const controller = new AbortController()
      const call = client.call(stuck, {}, { signal: controller.signal })
      await begun.opened
      controller.abort()
      await expect(call).rejects.toMatchObject({ name: "AbortError" })
      expect(await told.opened).toBe(true)
    })

    it("that was aborted before sends nothing", async () => {
      await using client = await connect(server(info).tool(look), { era })
      const before = client.traffic.length
      await expect(client.call(look, {}, { signal: AbortSignal.abort("no") })).rejects.toBe("no")
      expect(client.traffic).toHaveLength(before)
    })

    it("ends a call while its question is open, and no answer is sent", async () => {
      const asked = gate()
      const late = gate<{ readonly action: "decline" }>()
      const ask = tool({ name: "ask" }, async (_, { elicit }) => elicit.confirm("Sure?"))
      await using client = await connect(server(info).add(ask, look), {
        era,
        elicitation: () => {
          asked.open()
          return late.opened
        }
      })
      const controller = new AbortController()
      const call = client.call(ask, {}, { signal: controller.signal })
      await asked.opened
      controller.abort("enough")
      await expect(call).rejects.toBe("enough")
      late.open({ action: "decline" })
      await client.call(look)
      expect(client.traffic.filter(({ message }) => message["params"]?.inputResponses !== undefined)).toEqual([])
    })

    it("is what interrupting the Effect of a call comes to", async () => {
      const begun = gate()
      const ended = gate()
      const stuck = tool({ name: "stuck" }, () =>
        Effect.andThen(Effect.sync(begun.open), Effect.never).pipe(Effect.onInterrupt(() => Effect.sync(ended.open)))
      )
      await using client = await connect(server(info).tool(stuck), { era })
      const controller = new AbortController()
      const running = Effect.runPromise(client.callEffect(stuck), { signal: controller.signal })
      await begun.opened
      controller.abort()
      await expect(running).rejects.toThrow()
      await ended.opened
    })
  })
})
