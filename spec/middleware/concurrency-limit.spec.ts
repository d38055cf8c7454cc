import { assemble, Context, DefinitionError, Effect, Elicitation, Layer, type Middleware, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it } from "vitest"
import type { ByLayer } from "../../lib/builder/server-types.ts"
import { concurrencyLimit } from "../../lib/middleware/concurrency-limit.ts"
import { gates } from "../../lib/middleware/gates.ts"
import { accept, connect } from "../../lib/testing/index.ts"
import { gate } from "../kit/wire.ts"
import { inEachEra, info } from "../testing/eras.ts"
import { refusalOf, said } from "./calls.ts"

const full = (max: number) =>
  `All places are taken; the most that run of these calls at once is ${max}: try again later.`

/** A tool whose calls end when they are told to, in the order in which they began. */
const held = () => {
  const began: Array<string> = []
  const ended: Array<string> = []
  const ends = new Map<string, () => void>()
  const waiting = new Map<string, () => void>()
  const work = tool({ name: "work", input: { id: v.string() } }, ({ id }) =>
    Effect.onExit(
      Effect.callback<string>((resume) => {
        began.push(id)
        ends.set(id, () => resume(Effect.succeed(id)))
        waiting.get(id)?.()
      }),
      () => Effect.sync(() => void ended.push(id))
    )
  )
  return {
    work,
    began,
    ended,
    end: (id: string) => ends.get(id)!(),
    /** Until a call has begun. */
    begins: (id: string) => new Promise<void>((resolve) => (began.includes(id) ? resolve() : waiting.set(id, resolve)))
  }
}

inEachEra((era) => {
  const options = { era, clock: "virtual" } as const

  describe("concurrencyLimit", () => {
    it("runs so many calls at once, refuses one more, and takes it once one has ended", async () => {
      const { work, began, begins, end } = held()
      await using client = await connect(
        server(info)
          .tool(work)
          .use(concurrencyLimit({ max: 2 })),
        options
      )
      const [a, b] = [client.call(work, { id: "a" }), client.call(work, { id: "b" })]
      await begins("b")
      expect(await refusalOf(client.request("tools/call", { name: "work", arguments: { id: "c" } }))).toEqual({
        code: -32603,
        message: full(2),
        data: { retryAfter: 1, max: 2 }
      })
      expect(began).toEqual(["a", "b"])
      end("a")
      expect(await a).toBe("a")
      const d = client.call(work, { id: "d" })
      await begins("d")
      end("d")
      end("b")
      expect(await Promise.all([b, d])).toEqual(["b", "d"])
    })

    it("lets others wait in their order, as many as the line takes", async () => {
      const { work, began, begins, end } = held()
      await using client = await connect(
        server(info)
          .tool(work)
          .use(concurrencyLimit({ max: 1, queue: 2 })),
        options
      )
      const calls = ["a", "b", "c"].map((id) => client.call(work, { id }))
      await begins("a")
      expect(await said(client, "work", { id: "d" })).toBe(
        "All places are taken, and so are those in line; the most that run of these calls at once is 1: try again later."
      )
      expect(began).toEqual(["a"])
      end("a")
      await begins("b")
      expect(began).toEqual(["a", "b"])
      end("b")
      await begins("c")
      end("c")
      expect(await Promise.all(calls)).toEqual(["a", "b", "c"])
    })

    it("refuses who has waited for too long, and gives the place to the next", async () => {
      const { work, began, begins, end } = held()
      const limit = concurrencyLimit({ max: 1, queue: 5, queueTimeout: 1_000 })
      await using client = await connect(server(info).tool(work).use(limit), options)
      const a = client.call(work, { id: "a" })
      const b = said(client, "work", { id: "b" })
      await client.clock.adjust("999 millis")
      const c = client.call(work, { id: "c" })
      await client.clock.adjust("1 millis")
      expect(await b).toBe(
        "No place came free within 1000 ms; the most that run of these calls at once is 1: try again later."
      )
      end("a")
      await begins("c")
      end("c")
      expect(await Promise.all([a, c])).toEqual(["a", "c"])
      expect(began).toEqual(["a", "c"])
    })

    it("waits 30 seconds by default, so that nobody waits for ever", async () => {
      const { work } = held()
      await using client = await connect(
        server(info)
          .tool(work)
          .use(concurrencyLimit({ max: 1, queue: 1 })),
        options
      )
      client.call(work, { id: "a" }).catch(() => {})
      const b = said(client, "work", { id: "b" })
      await client.clock.adjust("30 seconds")
      expect(await b).toMatch(/^No place came free within 30000 ms/)
    })

    it("gives the place of a cancelled call to the next, once its finalizers have run, and takes cancelled ones out of the line", async () => {
      const { work, began, ended, begins, end } = held()
      await using client = await connect(
        server(info)
          .tool(work)
          .use(concurrencyLimit({ max: 1, queue: 2 })),
        options
      )
      const [running, waiting] = [new AbortController(), new AbortController()]
      const a = client.call(work, { id: "a" }, { signal: running.signal })
      const b = client.call(work, { id: "b" }, { signal: waiting.signal })
      const c = client.call(work, { id: "c" })
      await begins("a")
      waiting.abort(new Error("b gave up"))
      await expect(b).rejects.toThrow("b gave up")
      // there is room in the line again
      const d = client.call(work, { id: "d" })
      running.abort(new Error("a gave up"))
      await expect(a).rejects.toThrow("a gave up")
      await begins("c")
      expect([began, ended]).toEqual([["a", "c"], ["a"]])
      end("c")
      await begins("d")
      end("d")
      expect(await Promise.all([c, d])).toEqual(["c", "d"])
    })

    it("gives the place back of what fails or dies", async () => {
      const broken = tool({ name: "broken" }, () => Effect.fail(new Error("secret")))
      const kept = console.error
      console.error = () => {}
      try {
        await using client = await connect(
          server(info)
            .tool(broken)
            .use(concurrencyLimit({ max: 1 })),
          options
        )
        for (let n = 0; n < 3; n++) expect(await said(client, "broken")).toMatch(/^Internal error/)
      } finally {
        console.error = kept
      }
    })

    it("counts apart by key, and leaves alone what it is not for", async () => {
      const { work, begins, end } = held()
      const other = tool({ name: "other" }, () => "other")
      const key = ({ params }: { params: any }) => (params.arguments.id === "free" ? undefined : params.arguments.id[0])
      const limit = concurrencyLimit({ max: 1, key, only: ["work"] })
      await using client = await connect(server(info).add(work, other).use(limit), options)
      const calls = ["a1", "b1", "free"].map((id) => client.call(work, { id }))
      for (const id of ["a1", "b1", "free"]) await begins(id)
      expect(await said(client, "work", { id: "a2" })).toBe(
        "All places are taken; the most that run of this caller's calls at once is 1: try again later."
      )
      expect(await said(client, "other")).toBe("other")
      for (const id of ["a1", "b1", "free"]) end(id)
      expect(await Promise.all(calls)).toEqual(["a1", "b1", "free"])
    })

    it("takes keys from Effects, whose services show in its type", async () => {
      class Team extends Context.Service<Team, { readonly id: string }>()("spec/Team") {}
      const limit = concurrencyLimit({ max: 1, key: () => Effect.map(Team, ({ id }) => id) })
      expectTypeOf(limit).toEqualTypeOf<Middleware<never, ByLayer<Team>>>()
      expectTypeOf(concurrencyLimit({ max: 1, key: "principal" })).toEqualTypeOf<Middleware>()
      const { work, begins, end } = held()
      const limited = server(info)
        .tool(work)
        .use(limit)
        .provide(Layer.succeed(Team, { id: "red" }))
      await using client = await connect(limited, options)
      const a = client.call(work, { id: "a" })
      await begins("a")
      expect(await said(client, "work", { id: "b" })).toMatch(/^All places are taken/)
      end("a")
      expect(await a).toBe("a")
    })

    it("of a mounted server holds its calls alone; the same one used around it takes no second place", async () => {
      const { work, begins, end } = held()
      const limit = concurrencyLimit({ max: 1 })
      const child = server({ name: "child", version: "1" }).tool(work).use(limit)
      const free = tool({ name: "free" }, () => "free")
      await using apart = await connect(server(info).tool(free).mount("c", child), options)
      const a = apart.call("c_work", { id: "a" })
      await begins("a")
      expect([await said(apart, "c_work", { id: "b" }), await said(apart, "free")]).toEqual([full(1), "free"])
      end("a")
      await a
      await using both = await connect(server(info).tool(free).mount("c", child).use(limit), options)
      const c = both.call("c_work", { id: "c" })
      await begins("c")
      expect([await said(both, "c_work", { id: "b" }), await said(both, "free")]).toEqual([full(1), full(1)])
      end("c")
      expect(await c).toBe("c")
    })

    it("is one for all clients of an app, and another for each app", async () => {
      const { work, begins, end } = held()
      const limited = server(info)
        .tool(work)
        .use(concurrencyLimit({ max: 1 }))
      await using app = assemble(limited)
      await using one = await connect(app, { era })
      await using two = await connect(app, { era })
      await using other = await connect(limited, { era })
      const a = one.call(work, { id: "a" })
      await begins("a")
      expect(await said(two, "work", { id: "b" })).toBe(full(1))
      const c = other.call(work, { id: "c" })
      await begins("c")
      end("a")
      end("c")
      expect(await Promise.all([a, c])).toEqual(["a", "c"])
    })
  })
})

describe("concurrencyLimit and calls that ask", () => {
  const ask = tool({ name: "ask" }, function* () {
    return (yield* Elicitation.confirm("Sure?")) ? "sure" : "no"
  })
  const free = tool({ name: "free" }, () => "free")

  it("holds no place between the rounds of a call on 2026-07-28, and takes one for each", async () => {
    const [asked, answer] = [gate(), gate()]
    const elicitation = async () => {
      asked.open()
      await answer.opened
      return accept({ ok: true })
    }
    await using client = await connect(
      server(info)
        .add(ask, free)
        .use(concurrencyLimit({ max: 1 })),
      { elicitation }
    )
    const call = client.call(ask)
    await asked.opened
    expect(await said(client, "free")).toBe("free")
    answer.open()
    expect(await call).toBe("sure")
    expect(await said(client, "free")).toBe("free")
  })

  it("keeps the place of a call after a handshake while it waits for the answer", async () => {
    const [asked, answer] = [gate(), gate()]
    const elicitation = async () => {
      asked.open()
      await answer.opened
      return accept({ ok: true })
    }
    const limited = server(info)
      .add(ask, free)
      .use(concurrencyLimit({ max: 1 }))
    await using client = await connect(limited, { era: "handshake", elicitation })
    const call = client.call(ask)
    await asked.opened
    expect(await said(client, "free")).toBe(full(1))
    answer.open()
    expect(await call).toBe("sure")
    expect(await said(client, "free")).toBe("free")
  })
})

describe("concurrencyLimit with a long line", () => {
  it("passes a place through 5,000 calls that wait for nothing else, without running out of stack", async () => {
    const [held, began] = [gate(), gate()]
    const first = tool({ name: "first" }, async () => {
      began.open()
      await held.opened
      return "first"
    })
    const quick = tool({ name: "quick" }, () => "quick")
    const limited = server(info)
      .add(first, quick)
      .use(concurrencyLimit({ max: 1, queue: 5_000 }))
    await using client = await connect(limited, { maxInFlightPerSession: 10_000 })
    const call = client.call(first)
    await began.opened
    const calls = Array.from({ length: 5_000 }, () => client.call(quick))
    held.open()
    expect(await call).toBe("first")
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["quick"]))
  })

  it("remembers no key of which nothing runs", () => {
    const places = gates(2, 1)
    const taken = ["a", "a", "b"].map((key) => places.enter(key, {})!)
    const waiting = places.enter("a", {})!
    expect([places.size(), waiting.held]).toEqual([2, false])
    expect(places.enter("a", {})).toBeUndefined()
    for (const { leave } of taken) leave()
    expect([places.size(), waiting.held]).toEqual([1, true])
    waiting.leave()
    waiting.leave()
    expect(places.size()).toBe(0)
  })
})

describe("concurrencyLimit refuses", () => {
  it.each([
    [undefined, "concurrencyLimit: pass a record of options: max, key, queue,"],
    [{ max: 1, limit: 2 }, 'concurrencyLimit: there is no option "limit"; there are max, key, queue, queueTimeout,'],
    [{}, "concurrencyLimit: max is nothing; use an integer from 1 to 1000000."],
    [{ max: 0 }, "concurrencyLimit: max is 0; use an integer from 1 to 1000000."],
    [{ max: 1, queue: -1 }, "concurrencyLimit: queue is -1; use an integer from 0 to 1000000."],
    [
      { max: 1, queueTimeout: 0 },
      "concurrencyLimit: queueTimeout is 0; use an integer from 1 to 31536000000, in milliseconds."
    ],
    [{ max: 1, key: "who" }, 'concurrencyLimit: key is "who"; use one or more of principal, session,'],
    [{ max: 1, only: [] }, "concurrencyLimit: only is []; pick something, or leave it out."]
  ])("%o", (options, message) => {
    expect(() => concurrencyLimit(options as never)).toThrow(DefinitionError)
    expect(() => concurrencyLimit(options as never)).toThrow(message)
  })
})
