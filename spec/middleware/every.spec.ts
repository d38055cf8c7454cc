import { Effect, Layer, type Middleware, server } from "mcpipe"
import {
  audit,
  type AuditRecord,
  cache,
  circuitBreaker,
  concurrencyLimit,
  errors,
  logging,
  ping,
  rateLimit,
  redact,
  redactor,
  responseLimit,
  retry,
  sanitize,
  timeout,
  timing
} from "mcpipe/middleware"
import * as Metric from "effect/Metric"
import { describe, expect, it } from "vitest"
import { answered, cancel, type Made, probes, textIn, until } from "../kit/probes.ts"
import { info, spoken } from "../kit/served.ts"
import { connectWire, type Wire } from "../kit/wire.ts"
import { logsTo } from "./observed.ts"

/** A middleware in use, and how many calls it says there were of each ending; undefined where it says nothing of that. */
interface Used {
  readonly used: Middleware
  readonly endings?: () => Readonly<Record<string, number>>
  /** Failures that it was told of: a call that goes well, asks or is cancelled is none. */
  readonly failures?: () => ReadonlyArray<string>
  readonly layer?: Layer.Layer<never>
}

const tally = (endings: ReadonlyArray<string>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const ending of endings) counts[ending] = (counts[ending] ?? 0) + 1
  return counts
}

const logged = (options: object): Used => {
  const seen: Array<any> = []
  return {
    used: logging({ once: "call", ...options }),
    layer: logsTo(seen) as Layer.Layer<never>,
    endings: () => tally(seen.filter(({ callId }) => callId !== undefined).map(({ outcome }) => outcome))
  }
}

const kinds = ["tools/call", "prompts/get", "resources/read"]

/** `calls` is how many a limit has to let through. */
const cases: Readonly<Record<string, (calls: number) => Used>> = {
  audit: () => {
    const records: Array<AuditRecord> = []
    const used = audit({ sink: async (record) => void records.push(record), methods: kinds })
    return { used, endings: () => tally(records.map(({ outcome }) => outcome)) }
  },
  "audit, with arguments as they are": () => {
    const records: Array<AuditRecord> = []
    const used = audit({ sink: (record) => void records.push(record), methods: kinds, args: (args) => args })
    return { used, endings: () => tally(records.map(({ outcome }) => outcome)) }
  },
  cache: () => ({ used: cache({ only: ["*"] }) }),
  circuitBreaker: () => ({ used: circuitBreaker({ failures: 1, window: 60_000, openFor: 60_000 }) }),
  concurrencyLimit: () => ({ used: concurrencyLimit({ max: 1 }) }),
  "concurrencyLimit, with a line": () => ({ used: concurrencyLimit({ max: 1, queue: 1, key: ["tool", "principal"] }) }),
  errors: () => {
    const reports: Array<string> = []
    const onError = (_: unknown, { name }: { readonly name: string | undefined }) => void reports.push(`failed ${name}`)
    return { used: errors({ show: "public", onError }), failures: () => reports }
  },
  logging: () => logged({ methods: kinds }),
  "logging, with redactor": () =>
    logged({ methods: kinds, payloads: true, redact: redactor({ fields: ["secret"], patterns: ["email"] }) }),
  ping: () => ({ used: ping({ interval: 60_000 }) }),
  rateLimit: (calls) => ({ used: rateLimit({ perMinute: calls }) }),
  "rateLimit, in a sliding window": (calls) => ({
    used: rateLimit({ perMinute: calls, algorithm: "sliding-window", key: ["principal", "client"] })
  }),
  redact: () => ({ used: redact({ fields: ["password"], patterns: ["email", "card", "token"] }) }),
  responseLimit: () => ({ used: responseLimit({ maxBytes: 8_000_000 }) }),
  retry: () => ({ used: retry({ dangerouslyRetryAll: true, baseDelay: 1 }) }),
  sanitize: () => ({ used: sanitize({ trim: true, stripInvisible: true, maxString: 4_000_000 }) }),
  timeout: () => ({ used: timeout({ millis: 60_000, resetOnProgress: true }) }),
  timing: () => {
    const registry: Metric.MetricRegistry = new Map()
    return {
      used: timing({ methods: kinds }),
      layer: Layer.succeed(Metric.MetricRegistry, registry) as Layer.Layer<never>,
      endings: () => {
        const series = Effect.runSync(Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry))
        return tally(
          series.flatMap(({ id, attributes, state }: any) =>
            // a round that waits is measured as well, and says so
            id === "mcp_request_duration_seconds" && attributes.outcome !== "paused"
              ? Array.from({ length: state.count }, () => attributes.outcome)
              : []
          )
        )
      }
    }
  }
}

const places = {
  "by itself": { at: [""], serve: (inside: any) => inside },
  "mounted twice": {
    at: ["a_", "b_"],
    serve: (inside: any) => server(info("root")).mount("a", inside).mount("b", inside)
  }
} as const

/** A request for one of the probes, where it is mounted under `at`. */
const requests: ReadonlyArray<(at: string, probe: "echo" | "ask", text: string) => Made> = [
  (at, probe, text) => ["tools/call", { name: `${at}${probe}`, arguments: probe === "echo" ? { text } : {} }],
  (at, probe, text) =>
    probe === "echo"
      ? ["prompts/get", { name: `${at}say`, arguments: { text } }]
      : ["prompts/get", { name: `${at}query` }],
  (at, probe, text) => [
    "resources/read",
    { uri: `do://${at.replace("_", "/")}${probe === "echo" ? `echo/${text}` : "ask"}` }
  ]
]

const huge = "x".repeat(1_500_000)

describe.each(spoken)("on %s", (speak) => {
  const connected = (served: any) => connectWire(served, { speak, capabilities: { elicitation: { form: {} } } })

  describe.each(Object.entries(places))("%s", (_, { at, serve }) => {
    describe.each(Object.entries(cases))("%s", (_, make) => {
      const used = (calls: number) => {
        const probed = probes()
        const { used, endings, failures, layer } = make(calls)
        const inside = server(info("s"))
          .add(...probed.components)
          .use(used)
        const served = serve(inside)
        return { ...probed, served: layer === undefined ? served : served.provide(layer), now: endings, failures }
      }
      const counts = async (
        { now, failures }: Pick<ReturnType<typeof used>, "now" | "failures">,
        expected: Readonly<Record<string, number>>
      ) => {
        expect(failures?.() ?? []).toEqual([])
        if (now === undefined) return
        const sum = (all: Readonly<Record<string, number>>) => Object.values(all).reduce((a, b) => a + b, 0)
        await until(() => sum(now()) >= sum(expected))
        expect(now()).toEqual(expected)
      }

      it("lets more than a megabyte in and out, of tools, prompts and resources", async () => {
        const calls = at.length * requests.length
        const made = used(calls)
        const { served, seen } = made
        await using wire = await connected(served)
        for (const where of at) {
          for (const request of requests) {
            const text = textIn(await answered(wire, request(where, "echo", huge)))
            // a report of it would be as long
            expect(text === huge, text?.slice(0, 200)).toBe(true)
          }
        }
        expect(seen.done).toEqual(Array.from({ length: calls }, () => "echo"))
        await counts(made, { complete: calls })
      })

      it("takes a call that asks over several rounds for one", async () => {
        const calls = at.length * requests.length
        const made = used(calls)
        const { served, seen } = made
        await using wire = await connected(served)
        for (const where of at) {
          for (const request of requests) {
            expect(textIn(await answered(wire, request(where, "ask", "")))).toBe("true true")
          }
        }
        expect(seen.done).toEqual(Array.from({ length: calls }, () => "ask"))
        await counts(made, { complete: calls })
      })

      it("gives up what its client cancels: it ends once, answers nothing, and the next call runs", async () => {
        const made = used(3 * at.length)
        const { served, seen, begins } = made
        await using wire: Wire = await connected(served)
        for (const where of at) {
          for (const probe of ["hang", "wait"]) {
            seen.stopped.length = 0
            const ends = probe === "hang" ? ["interrupted"] : ["aborted", "deferred"]
            void wire.request("tools/call", { name: `${where}${probe}`, arguments: {} })
            const id = wire.lastId()
            await begins()
            cancel(wire)
            await until(() => seen.stopped.length === ends.length)
            if (probe === "wait") expect(textIn(await answered(wire, requests[0]!(where, "echo", "free")))).toBe("free")
            expect([...seen.stopped].sort()).toEqual(ends)
            expect(wire.received.filter((message) => message.id === id && message.method === undefined)).toEqual([])
          }
        }
        expect(seen.done).toEqual(at.map(() => "echo"))
        await counts(made, { complete: at.length, interrupted: 2 * at.length })
      })
    })
  })
})
