import { Elicitation, type Middleware, server, tool } from "mcpipe"
import { audit, type AuditRecord, cache, redact, responseLimit, retry } from "mcpipe/middleware"
import { toolSearch } from "mcpipe/transforms"
import * as v from "valibot"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { answered, textIn } from "../kit/probes.ts"
import { info, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

// what is masked is logged
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

const permutations = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  all.length === 0
    ? [[]]
    : all.flatMap((one, index) => permutations(all.toSpliced(index, 1)).map((others) => [one, ...others]))

const names = ["audit", "cache", "redact", "responseLimit", "retry"] as const
const secret = "ada@example.com"

/** Tools that fail at first, that answer at length, and that ask. */
const tools = () => {
  const runs = { flaky: 0, long: 0, ask: 0 }
  const readOnly = { annotations: { readOnlyHint: true } } as const
  return {
    runs,
    components: [
      tool({ name: "flaky", ...readOnly, output: v.object({ mail: v.string() }) }, () => {
        if (++runs.flaky === 1) throw new Error(`down, says ${secret}`)
        return { mail: secret }
      }),
      tool({ name: "long", ...readOnly }, () => `${++runs.long} ${secret} ${"x".repeat(100_000)}`),
      tool({ name: "ask", ...readOnly }, function* () {
        const sure = yield* Elicitation.confirm(`Write to ${secret}?`)
        return `${++runs.ask} ${sure} ${secret}`
      })
    ] as const
  }
}

const ways = {
  directly: {
    serve: (inside: any) => inside,
    call: (name: string) => ["tools/call", { name, arguments: {} }] as const
  },
  "behind a search, all inside": {
    serve: (inside: any) => inside.transform(toolSearch()),
    call: (name: string) => ["tools/call", { name: "call_tool", arguments: { name } }] as const
  }
}

describe.each(spoken)("audit, cache, redact, responseLimit and retry in any order, on %s", (speak) => {
  it.each(Object.entries(ways))("%s: hide, cut, keep and record what they should", async (way, { serve, call }) => {
    for (const [index, order] of permutations(names).entries()) {
      // the search changes nothing of their order: every fifth will do
      if (way !== "directly" && index % 5 !== 0) continue
      const records: Array<AuditRecord> = []
      const kept = cache()
      const all: Readonly<Record<(typeof names)[number], Middleware>> = {
        audit: audit({ sink: (record) => void records.push(record), methods: ["tools/call"] }),
        cache: kept,
        redact: redact({ patterns: ["email"] }),
        responseLimit: responseLimit({ maxBytes: 1_024 }),
        retry: retry({ attempts: 2, baseDelay: 1, jitter: 0 })
      }
      const { components, runs } = tools()
      const inside = order.reduce<any>((s, name) => s.use(all[name]), server(info("s")).add(...components))
      await using wire = await connectWire(serve(inside), { speak, capabilities: { elicitation: { form: {} } } })
      const said = async (name: string) => answered(wire, call(name))
      const where = order.join(" > ")

      for (let n = 0; n < 2; n++) {
        expect((await said("flaky")).structuredContent, where).toEqual({ mail: "[redacted]" })
        const { content } = await said("long")
        expect(content[0].text, where).toMatch(/^1 \[redacted\] x+/)
        expect(JSON.stringify(content).length, where).toBeLessThan(1_400)
      }
      expect(runs, where).toEqual({ flaky: 2, long: 1, ask: 0 })
      expect(kept.stats(), where).toMatchObject({
        hits: 2,
        misses: order.indexOf("cache") < order.indexOf("retry") ? 2 : 3
      })
      for (let n = 1; n <= 2; n++) expect(textIn(await said("ask")), where).toBe(`${n} true [redacted]`)
      expect(JSON.stringify(wire.received), where).not.toContain(secret)
      const ended = records.map(({ name, outcome }) => `${name} ${outcome}`)
      const done = ["flaky", "long", "flaky", "long"].map((name) => `${name} complete`)
      // a search lets what is called see an interruption where it waits for answers
      expect(
        ended.filter((one) => !one.endsWith("interrupted")),
        where
      ).toEqual([...done, "ask complete", "ask complete"])
      if (way === "directly") expect(ended, where).toHaveLength(6)
    }
  })
})
