import { DefinitionError, Layer, type Middleware, PublicError, server, source, tool } from "mcpipe"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { timing, type TimingOptions } from "../../lib/middleware/timing.ts"
import { driveTool } from "../kit/rounds.ts"
import { components, info, peerOf, refusing, sayYes, speaks, watched } from "./observed.ts"

/** A server whose metrics are its own, and what they hold by label. */
const measured = async (speak: (typeof speaks)[number], served: AnyServer) => {
  const registry: Metric.MetricRegistry = new Map()
  const peer = await peerOf((served as any).provide(Layer.succeed(Metric.MetricRegistry, registry)), speak)
  registry.clear()
  const series = () =>
    Effect.runSync(Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)).map((one) => {
      const { method, name, outcome } = one.attributes as Record<string, string>
      const { count, sum, buckets } = one.state as Metric.HistogramState
      return { id: one.id, labels: `${method} ${name} ${outcome}`, count, sum, buckets }
    })
  const counts = () => Object.fromEntries(series().map(({ labels, count }) => [labels, count]))
  return { ...peer, series, counts }
}

const timed = (speak: (typeof speaks)[number], options?: TimingOptions, ...inside: Array<Middleware>) =>
  measured(speak, watched(timing(options), ...inside))

describe.each(speaks)("timing, on %s", (speak) => {
  it("counts requests by method, name and outcome, with how many seconds they took", async () => {
    const { wire, clock, series } = await timed(speak, { boundaries: [1, 3, 10] })
    for (let i = 0; i < 2; i++) {
      const slow = wire.call("slow")
      await clock.adjust("3 seconds")
      await slow
    }
    await wire.call("sad")
    const id = "mcp_request_duration_seconds"
    const whole = [[1, 0], [3, 2], [10, 2]] // biome-ignore format: pairs
    expect(series()).toEqual([
      { id, labels: "tools/call slow complete", count: 2, sum: 6, buckets: whole },
      { id, labels: "tools/call sad error", count: 1, sum: 0, buckets: [[1, 1], [3, 1], [10, 1]] } // biome-ignore format: pairs
    ])
  })

  it("makes labels of what exists alone: templates, not the URIs that clients fill in", async () => {
    const { wire, counts } = await timed(speak)
    for (const uri of ["note://1", "note://2", "note://none"]) await wire.request("resources/read", { uri })
    await wire.request("tools/call", { name: "made up", arguments: {} })
    await wire.request("made/up")
    await wire.request("tools/list")
    await wire.request("prompts/get", { name: "hello" })
    expect(counts()).toEqual({
      "resources/read note://{id} complete": 2,
      "resources/read note://{id} error": 1,
      "tools/list  complete": 1,
      "prompts/get hello complete": 1
    })
  })

  it("measures a call that was cancelled, and one that a hook inside refused", async () => {
    const { wire, counts } = await timed(speak, {}, refusing("request", new PublicError("no")))
    await wire.request("tools/call", { name: "add", arguments: { a: 1 } })
    expect(counts()).toEqual({ "tools/call add error": 1 })
    const hanging = await timed(speak)
    void hanging.wire.call("hang").catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    await hanging.wire.close()
    expect(hanging.counts()).toEqual({ "tools/call hang interrupted": 1 })
  })

  it("on a mounted server measures that server's components, under the names that clients use", async () => {
    const child = server(info("child"))
      .add(...components)
      .use(timing({ metric: "child", methods: ["tools/call"] }))
    const { wire, series } = await measured(speak, server(info("root")).add(components[0]).mount("c", child))
    await wire.call("add", { a: 1 })
    await wire.call("c_add", { a: 1 })
    expect(series().map(({ id, labels }) => [id, labels])).toEqual([["child", "tools/call c_add complete"]])
  })
})

describe("timing", () => {
  it("counts a call that asks twice once among what is complete", async () => {
    const { wire, counts } = await timed("sessionless")
    await driveTool(wire, "twice")
    expect(counts()).toEqual({ "tools/call twice paused": 2, "tools/call twice complete": 1 })
    const handshake = await timed("2025-11-25")
    const call = handshake.wire.call("twice")
    await sayYes(handshake.wire, 0)
    await sayYes(handshake.wire, 1)
    await call
    expect(handshake.counts()).toEqual({ "tools/call twice complete": 1 })
  })

  it("keeps so many names apart where components come and go", async () => {
    const tools = Array.from({ length: 5 }, (_, i) => tool({ name: `t${i}` }, () => "ok"))
    const s = server(info())
      .source(source({ load: () => tools }))
      .use(timing({ maxNames: 3, methods: ["tools/call"] }))
    const { wire, counts } = await measured("sessionless", s)
    for (const { name } of tools) await wire.call(name)
    await wire.call("t0")
    expect(counts()).toEqual({
      "tools/call t0 complete": 2,
      "tools/call t1 complete": 1,
      "tools/call t2 complete": 1,
      "tools/call (other) complete": 2
    })
  })

  it.each<[TimingOptions, string]>([
    [
      { boundaries: [] },
      "timing: boundaries is []; use positive, increasing numbers of seconds, such as [0.1, 1, 10]."
    ],
    [
      { boundaries: [1, 1] },
      "timing: boundaries is [1,1]; use positive, increasing numbers of seconds, such as [0.1, 1, 10]."
    ],
    [
      { boundaries: [0] },
      "timing: boundaries is [0]; use positive, increasing numbers of seconds, such as [0.1, 1, 10]."
    ],
    [{ metric: "" }, `timing: metric is ""; use a non-empty string.`],
    [{ maxNames: 0.5 }, "timing: maxNames is 0.5; use an integer from 1 to 100000."],
    [{ bounds: [1] } as never, `timing: there is no option "bounds"; there are metric, boundaries, methods, maxNames.`]
  ])("refuses %j", (options, message) => {
    expect(() => timing(options)).toThrow(new DefinitionError(message))
  })
})
