import {
  Changes,
  ClientLog,
  Context,
  Durable,
  Effect,
  Elicitation,
  Layer,
  Progress,
  prompt,
  resource,
  server,
  tool
} from "mcpipe"
import { cache, circuitBreaker, rateLimit, redact, retry, timeout, timing } from "mcpipe/middleware"
import { promptsAsTools, resourcesAsTools, toolSearch } from "mcpipe/transforms"
import * as Metric from "effect/Metric"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { answered, until } from "../kit/probes.ts"
import { info, spoken } from "../kit/served.ts"
import { settled } from "../kit/settled.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, type WireOptions } from "../kit/wire.ts"

class Team extends Context.Service<Team, string>()("spec/Team") {}

// what is masked is logged
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

const call = (name: string, args: object = {}) => ({ name, arguments: args })

describe.each(spoken)("on %s, of what a transform calls,", (speak) => {
  const connected = (served: any, options: WireOptions = {}) => connectWire(served, { speak, ...options })

  describe("redact further out", () => {
    const asks = tool({ name: "asks" }, function* () {
      yield* Progress.report(1, 2, "for ada@example.com")
      yield* ClientLog.warning("mail to ada@example.com")
      return `${yield* Elicitation.confirm("Write to ada@example.com?")} ada@example.com`
    })
    const asksToo = prompt({ name: "asks" }, function* () {
      return `${yield* Elicitation.confirm("Write to ada@example.com?")} ada@example.com`
    })
    const behind = (transform: any) =>
      server(info("s"))
        .add(asks, asksToo)
        .transform(transform)
        .use(redact({ patterns: ["email"] }))

    it.each([
      ["a tool", toolSearch(), "call_tool", call("asks")],
      ["a prompt", promptsAsTools(), "get_prompt", { name: "asks" }]
    ] as const)("words the questions, progress and log of %s", async (_, transform, name, args) => {
      await using wire = await connected(behind(transform), { capabilities: { elicitation: { form: {} } } })
      const asked: Array<string> = []
      const _meta = { progressToken: 7, "io.modelcontextprotocol/logLevel": "debug" }
      const request: typeof wire.request = async (method, params) => {
        const answer = await wire.request(method, { ...params, _meta })
        for (const one of Object.values<any>(answer.result?.inputRequests ?? {})) asked.push(one.params.message)
        return answer
      }
      const given = await answered({ ...wire, request }, ["tools/call", { name, arguments: args, _meta }])
      for (const { method, params } of wire.received) if (method === "elicitation/create") asked.push(params.message)
      expect(JSON.stringify(given.content)).toContain("true [redacted]")
      expect(asked).toEqual(["Write to [redacted]?"])
      const told = wire.received.filter(({ method }) => method?.startsWith("notifications/"))
      const words = told.map(({ params }) => params.message ?? params.data)
      expect(words).toEqual(name === "get_prompt" ? [] : ["for [redacted]", "mail to [redacted]"])
    })
  })

  it("each tool has its circuit, its own counts and its own name", async () => {
    const heard: Array<string> = []
    const bad = tool({ name: "bad" }, (): string => {
      throw new Error("down")
    })
    const good = tool({ name: "good" }, () => "good")
    const registry: Metric.MetricRegistry = new Map()
    const inside = server(info("s"))
      .add(bad, good)
      .use(timing())
      .use(rateLimit({ perMinute: 2, key: "tool" }))
      .use(circuitBreaker({ failures: 1, window: 1_000, openFor: 2_000, onChange: ({ key }) => void heard.push(key) }))
    const root = server(info("root"))
      .mount("a", inside)
      .transform(toolSearch())
      .provide(Layer.succeed(Metric.MetricRegistry, registry))
    await using wire = await connected(root)
    const said = (name: string) => wire.text("call_tool", { name })
    expect(await said("a_bad")).toMatch(/^Internal error/)
    expect(await said("a_bad")).toBe(
      'The tool "a_bad" has failed too often and is left alone for now: try again in 2 seconds.'
    )
    expect([await said("a_good"), await said("a_good")]).toEqual(["good", "good"])
    expect(await said("a_good")).toMatch(/^Rate limit of 2 per minute reached/)
    expect(heard).toEqual(["tool a_bad"])
    const series = Effect.runSync(Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry))
    expect(series.map(({ attributes }: any) => attributes.name).filter((name) => name?.startsWith("a_"))).toEqual([
      "a_bad",
      "a_good",
      "a_good"
    ])
  })

  it("time that is up is told with the name of the tool", async () => {
    const slow = tool({ name: "slow" }, () => Effect.never)
    const inside = server(info("s"))
      .tool(slow)
      .use(timeout({ millis: 1 }))
    await using wire = await connected(server(info("root")).mount("a", inside).transform(toolSearch()))
    expect(await wire.text("call_tool", { name: "a_slow" })).toMatch(/^Tool "a_slow" .*1 ms/)
  })

  it("what is declared is not tried again, and the rest is, also inside of what redacts", async () => {
    class Declared extends Error {}
    let runs = 0
    const fails = (name: string, error: () => Error) =>
      tool({ name, errors: [Declared] }, (): string => {
        runs++
        throw error()
      })
    const inside = server(info("s"))
      .add(
        fails("declared", () => new Declared("no")),
        fails("unexpected", () => new Error("no"))
      )
      .use(retry({ dangerouslyRetryAll: true, attempts: 2, baseDelay: 1, jitter: 0 }))
      .transform(toolSearch())
      .use(redact({ patterns: ["email"] }))
    await using wire = await connected(inside)
    expect(await wire.text("call_tool", { name: "declared" })).toBe("no")
    expect(runs).toBe(1)
    expect(await wire.text("call_tool", { name: "unexpected" })).toMatch(/^Internal error/)
    expect(runs).toBe(3)
  })

  describe("a cache", () => {
    it("gives results again, each mount its own", async () => {
      let runs = 0
      const who = tool({ name: "who", annotations: { readOnlyHint: true } }, function* () {
        return `${yield* Team} ${++runs}`
      })
      const kept = cache()
      const inside = server(info("s")).tool(who).use(kept)
      const of = (team: string) => server(info(team)).mount("in", inside).provide(Layer.succeed(Team, team))
      const around = {
        "search around both": server(info("root")).mount("a", of("A")).mount("b", of("B")).transform(toolSearch()),
        "a search in each": server(info("root"))
          .mount(of("A").transform(toolSearch({ searchTool: "s1", callTool: "c1" })))
          .mount(of("B").transform(toolSearch({ searchTool: "s2", callTool: "c2" })))
      }
      for (const [place, root] of Object.entries(around)) {
        const both =
          place === "a search in each"
            ? ([
                ["c1", call("in_who")],
                ["c2", call("in_who")]
              ] as const)
            : ([
                ["call_tool", call("a_in_who")],
                ["call_tool", call("b_in_who")]
              ] as const)
        runs = 0
        const { hits } = kept.stats()
        await using wire = await connected(root)
        for (let n = 0; n < 2; n++) {
          for (const [index, [name, args]] of both.entries()) {
            expect(await wire.text(name, args)).toBe(`${"AB"[index]} ${index + 1}`)
          }
        }
        expect(kept.stats().hits - hits).toBe(2)
      }
    })

    it("drops what was read of a resource that changed, wherever it is mounted, and nothing else", async () => {
      const runs = { a: 0, b: 0 }
      const inside = server(info("s"))
        .resource(resource({ uri: "x://of/{id}" }, ({ id }) => `${id} ${++runs[id as "a" | "b"]}`))
        .tool(tool({ name: "bump" }, () => Changes.use(({ resourceUpdated }) => resourceUpdated("x://of/a"))))
        .use(cache())
        .transform(resourcesAsTools())
      await using wire = await connected(server(info("root")).mount("m", inside))
      const read = async (id: string) => {
        const { structuredContent } = await wire.call("m_read_resource", { uri: `x://m/of/${id}` })
        return structuredContent.contents[0].text
      }
      expect([await read("a"), await read("b"), await read("a"), await read("b")]).toEqual(["a 1", "b 1", "a 1", "b 1"])
      await wire.text("m_bump")
      expect([await read("a"), await read("b")]).toEqual(["a 2", "b 1"])
    })

    it("gives nothing of a tool for another that a source brings in its place, though it is listed alike", async () => {
      const saying = (text: string) => tool({ name: "t", annotations: { readOnlyHint: true } }, () => text)
      const ways = [
        [[], "t", {}],
        [[toolSearch()], "call_tool", { name: "t" }]
      ] as const
      for (const [transforms, name, args] of ways) {
        const live = shelf({ kinds: ["tools"], holds: [saying("old")] })
        const kept = cache()
        const inside: any = server(info("s")).source(live.source).use(kept)
        await using wire = await connected(transforms.reduce((s, one) => s.transform(one), inside))
        expect([await wire.text(name, args), await wire.text(name, args)]).toEqual(["old", "old"])
        live.put(saying("new"))
        await until(() => live.loads() === 2)
        await settled(live.loads)
        expect([await wire.text(name, args), await wire.text(name, args)]).toEqual(["new", "new"])
        expect(kept.stats().hits).toBe(2)
      }
    })

    it("keeps nothing of a call that took a number of its own", async () => {
      let runs = 0
      const draws = tool({ name: "draws", annotations: { readOnlyHint: true } }, () => Effect.as(Durable.uuid, ++runs))
      const inside = server(info("s"))
        .tool(draws)
        .use(cache())
        .transform(toolSearch())
        .use(redact({ fields: ["x"] }))
      await using wire = await connected(inside)
      expect(await wire.text("call_tool", call("draws"))).toBe("1")
      expect(await wire.text("call_tool", call("draws"))).toBe("2")
    })
  })
})
