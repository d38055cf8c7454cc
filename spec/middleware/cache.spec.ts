import { accept, connect, type ConnectOptions } from "../../lib/testing/index.ts"
import {
  assemble,
  Changes,
  DefinitionError,
  Durable,
  Effect,
  Elicitation,
  prompt,
  resource,
  result,
  server,
  Session,
  tool,
  ToolError
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { cache } from "../../lib/middleware/cache.ts"
import { connectWire, gate } from "../kit/wire.ts"
import { inEachEra, info } from "../testing/eras.ts"

const speak = { handshake: "2025-11-25", sessionless: "sessionless" } as const
const readOnly = { readOnlyHint: true }

/** A tool that counts its runs. */
const counting = (name = "count", annotations: object = readOnly) => {
  const state = { runs: 0 }
  const t = tool(
    { name, annotations, input: { a: v.optional(v.number()), b: v.optional(v.number()) } },
    () => ++state.runs
  )
  return { state, t }
}

describe("cache", () => {
  inEachEra((era) => {
    it("gives what read-only tools, resources and prompts gave before, for equal arguments in any order", async () => {
      let runs = 0
      const s = server(info)
        .tool(counting().t)
        .tool(tool({ name: "data", annotations: readOnly }, () => ({ runs: ++runs })))
        .resource(resource({ uri: "x://{id}" }, ({ id }) => `${id} ${++runs}`))
        .prompt(prompt({ name: "p", args: { a: v.string() } }, ({ a }) => `${a} ${++runs}`))
      const cached = cache()
      await using wire = await connectWire(s.use(cached), { speak: speak[era] })
      const texts = [
        await wire.text("count", { a: 1, b: 2 }),
        await wire.text("count", { b: 2, a: 1 }),
        await wire.text("count", { a: 1 })
      ]
      expect(texts).toEqual(["1", "1", "2"])
      const read = async (uri: string) => (await wire.request("resources/read", { uri })).result.contents
      expect(await read("x://1")).toEqual(await read("x://1"))
      expect(await read("x://2")).toEqual([{ uri: "x://2", mimeType: "text/plain", text: "2 2" }])
      const get = async (a: string) =>
        (await wire.request("prompts/get", { name: "p", arguments: { a } })).result.messages[0].content.text
      expect([await get("a"), await get("a"), await get("b")]).toEqual(["a 3", "a 3", "b 4"])
      expect(await wire.call("data")).toEqual(await wire.call("data"))
      expect((await wire.call("data")).structuredContent).toEqual({ runs: 5 })
      expect(cached.stats()).toMatchObject({ hits: 5, misses: 7, size: 7 })
      cached.clear()
      expect(cached.stats()).toEqual({ hits: 5, misses: 7, size: 0, bytes: 0 })
      expect(await read("x://1")).toMatchObject([{ text: "1 6" }])
    })

    it("runs tools without readOnlyHint each time, unless only names them; then nothing else is cached", async () => {
      const [plain, harmless] = [counting("plain", {}), counting("harmless")]
      const s = server(info).add(plain.t, harmless.t)
      const texts = async (options?: Parameters<typeof cache>[0]) => {
        await using wire = await connectWire(s.use(cache(options)), { speak: speak[era] })
        for (const name of ["plain", "plain", "harmless", "harmless"]) await wire.call(name)
        const runs = [plain.state.runs, harmless.state.runs]
        plain.state.runs = harmless.state.runs = 0
        return runs
      }
      expect(await texts()).toEqual([2, 1])
      expect(await texts({ only: ["plain"] })).toEqual([1, 2])
      expect(await texts({ except: ["harmless"] })).toEqual([2, 2])
      expect(await texts({ methods: ["prompts/get"] })).toEqual([2, 2])
    })

    it("never gives one principal what another got, unless the scope is public", async () => {
      const { state, t } = counting()
      const runsFor = async (options?: Parameters<typeof cache>[0]) => {
        const app = assemble(server(info).tool(t).use(cache(options)))
        const as = async (principal?: ConnectOptions["principal"]) => {
          await using client = await connect(app, principal === undefined ? { era } : { era, principal })
          return await client.call(t)
        }
        const seen = [
          await as({ id: "ada" }),
          await as({ id: "grace" }),
          await as({ id: "ada", scopes: ["admin"] }),
          await as(),
          await as({ id: "anonymous" }),
          await as({ id: "ada" })
        ]
        await app.dispose()
        state.runs = 0
        return seen
      }
      expect(await runsFor()).toEqual([1, 2, 3, 4, 5, 1])
      expect(await runsFor({ scope: "public" })).toEqual([1, 1, 1, 1, 1, 1])
      const tenant = { key: (_: unknown, request: any) => (request.client.info === undefined ? undefined : "t") }
      expect(await runsFor(tenant)).toEqual([1, 2, 3, 4, 5, 1])
      expect(await runsFor({ key: () => undefined })).toEqual([1, 2, 3, 4, 5, 6])
    })

    it("forgets after its ttl, and gives up the longest unused", async () => {
      const { t } = counting()
      const cached = cache({ ttl: 1_000, maxEntries: 2 })
      await using client = await connect(server(info).tool(t).use(cached), { era, clock: "virtual" })
      const call = (a: number) => client.call(t, { a })
      expect([await call(1), await call(1)]).toEqual([1, 1])
      await client.clock.adjust(999)
      expect(await call(1)).toBe(1)
      await client.clock.adjust(1)
      expect(await call(1)).toBe(2)
      expect([await call(2), await call(1), await call(3), await call(1), await call(2)]).toEqual([3, 2, 4, 2, 5])
      expect(cached.stats().size).toBe(2)
    })

    it("keeps no more bytes than it may, and nothing that alone takes more", async () => {
      let runs = 0
      const t = tool({ name: "t", annotations: readOnly, input: { size: v.number() } }, ({ size }) => {
        runs++
        return "x".repeat(size)
      })
      const cached = cache({ maxBytes: 10_000 })
      await using client = await connect(server(info).tool(t).use(cached), { era })
      for (const size of [10_000, 10_000, 4_000, 4_001, 4_002, 4_002]) await client.call(t, { size })
      expect([runs, cached.stats().size]).toEqual([5, 2])
      expect(cached.stats().bytes).toBeLessThanOrEqual(10_000)
    })

    it("keeps neither failures nor what comes of asking, steps, numbers of its own or session state", async () => {
      const cart = Session.state("cart", v.number(), { initial: () => 0 })
      const runs: Record<string, number> = {}
      const run = (name: string) => Effect.sync(() => (runs[name] = (runs[name] ?? 0) + 1))
      const s = server(info).add(
        tool({ name: "fails", annotations: readOnly }, () =>
          Effect.andThen(run("fails"), Effect.fail(new ToolError("no")))
        ),
        tool({ name: "isError", annotations: readOnly }, () =>
          Effect.as(run("isError"), result({ content: "no", isError: true }))
        ),
        tool({ name: "dies", annotations: readOnly }, () => Effect.andThen(run("dies"), Effect.die("no"))),
        tool({ name: "asks", annotations: readOnly }, () => Effect.andThen(run("asks"), Elicitation.confirm("Sure?"))),
        tool({ name: "steps", annotations: readOnly }, () =>
          Effect.andThen(run("steps"), Durable.step("s", Effect.succeed(1)))
        ),
        tool({ name: "uuid", annotations: readOnly }, () => Effect.andThen(run("uuid"), Durable.uuid)),
        tool({ name: "writes", annotations: readOnly }, () =>
          Effect.andThen(
            run("writes"),
            cart.update((n) => n + 1)
          )
        )
      )
      const cached = cache()
      await using client = await connect(s.use(cached), {
        era,
        principal: "ada",
        elicitation: [accept({ ok: true }), accept({ ok: true })]
      })
      const names = ["fails", "isError", "dies", "asks", "steps", "uuid", "writes"]
      for (const name of [...names, ...names]) await client.attempt(name)
      expect(runs).toEqual({
        fails: 2,
        isError: 2,
        dies: 2,
        asks: era === "sessionless" ? 4 : 2,
        steps: 2,
        uuid: 2,
        writes: 2
      })
      expect(cached.stats().size).toBe(0)
    })

    it("does not keep what was cancelled", async () => {
      const started = gate()
      let runs = 0
      const t = tool({ name: "t", annotations: readOnly }, () =>
        ++runs === 1
          ? Effect.andThen(
              Effect.sync(() => started.open()),
              Effect.never
            )
          : Effect.succeed("done")
      )
      const cached = cache()
      await using client = await connect(server(info).tool(t).use(cached), { era })
      const cancel = new AbortController()
      const called = client.call(t, {}, { signal: cancel.signal })
      await started.opened
      cancel.abort(new Error("enough"))
      await expect(called).rejects.toThrow("enough")
      expect([await client.call(t), await client.call(t), runs]).toEqual(["done", "done", 2])
    })

    it("drops what was read of a resource that changed, also in a mount and while it is read", async () => {
      const state = { runs: 0 }
      const reading = gate()
      const go = gate()
      const child = server(info)
        .resource(
          resource({ uri: "x://{id}" }, async ({ id }) => {
            const run = ++state.runs
            if (id === "slow" && run < 6) {
              reading.open()
              await go.opened
            }
            return `${run}`
          })
        )
        .tool(
          tool({ name: "touch", input: { id: v.string() } }, ({ id }) =>
            Effect.as(
              Changes.use((c) => c.resourceUpdated(`x://${id}`)),
              "ok"
            )
          )
        )
      await using wire = await connectWire(server(info).mount("m", child.use(cache())).use(cache()), {
        speak: speak[era]
      })
      const uri = (id: string) => `x://m/${id}`
      const read = async (id: string) =>
        (await wire.request("resources/read", { uri: uri(id) })).result.contents[0].text
      expect([await read("a"), await read("b"), await read("a"), await read("b")]).toEqual(["1", "2", "1", "2"])
      await wire.call("m_touch", { id: "a" })
      expect([await read("a"), await read("b"), await read("a")]).toEqual(["3", "2", "3"])
      const slow = read("slow")
      await reading.opened
      await wire.call("m_touch", { id: "slow" })
      go.open()
      expect(await slow).toBe("4")
      expect(await read("slow")).toBe("5")
    })

    it("keeps apart what two apps, and two mounts of one server, gave", async () => {
      const { t } = counting()
      const child = server(info).tool(t).use(cache())
      const s = server(info).mount("a", child).mount("b", child)
      await using one = await connectWire(s, { speak: speak[era] })
      await using two = await connectWire(s, { speak: speak[era] })
      expect([await one.text("a_count"), await one.text("b_count"), await two.text("a_count")]).toEqual(["1", "2", "3"])
      expect([await one.text("a_count"), await one.text("b_count"), await two.text("a_count")]).toEqual(["1", "2", "3"])
    })

    it("is not changed by a handler that goes on with what it returned", async () => {
      const rows = [1]
      const t = tool({ name: "rows", annotations: readOnly }, () => ({ rows }))
      await using wire = await connectWire(server(info).tool(t).use(cache()), { speak: speak[era] })
      await wire.call("rows")
      rows.push(2)
      expect((await wire.call("rows")).structuredContent).toEqual({ rows: [1] })
    })
  })

  it("drops the tools of a catalogue that changed", async () => {
    const { state, t } = counting()
    const app = assemble(
      server(info)
        .tool(t)
        .tool(
          tool({ name: "reload" }, () =>
            Effect.as(
              Changes.use((c) => c.publish({ type: "catalogue-changed", generation: 1, kinds: ["tools"] })),
              "ok"
            )
          )
        )
        .use(cache())
    )
    await using client = await connect(app)
    await client.call(t)
    await client.call("reload")
    await client.call(t)
    expect(state.runs).toBe(2)
    await app.dispose()
  })

  it.each([
    [{ ttl: 0 }, "cache: ttl is 0; use a number from 1 to 31536000000, in milliseconds."],
    [{ maxEntries: 1.5 }, "cache: maxEntries is 1.5; use an integer from 1 to 1000000."],
    [{ maxBytes: 1 }, "cache: maxBytes is 1; use an integer from 1024 to 1099511627776, in bytes."],
    [{ scope: "session" }, 'cache: scope is "session"; use "principal" or "public".'],
    [{ key: "x" }, 'cache: key is "x"; use a function.']
  ])("refuses %j", (options, message) => {
    expect(() => cache(options as never)).toThrow(new DefinitionError(message))
  })
})
