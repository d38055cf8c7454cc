import {
  assemble,
  Context,
  DefinitionError,
  Effect,
  Elicitation,
  Layer,
  type Middleware,
  PublicError,
  Principal,
  prompt,
  resource,
  server,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it, vi } from "vitest"
import type { ByLayer } from "../../lib/builder/server-types.ts"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"
import { RateLimitStore, RateLimitStoreError } from "../../lib/services/rate-limit-store.ts"
import { accept, connect } from "../../lib/testing/index.ts"
import { inEachEra, info } from "../testing/eras.ts"
import { refusalOf, said } from "./calls.ts"

const echo = tool({ name: "echo", input: { n: v.optional(v.number()) } }, ({ n }) => `echo ${n ?? ""}`.trim())
const other = tool({ name: "other" }, () => "other")
const ask = tool({ name: "ask" }, function* () {
  const first = yield* Elicitation.confirm("First?")
  const second = yield* Elicitation.confirm("Second?")
  return `${first} ${second}`
})
const yes = () => accept({ ok: true })

const again = (what: string, seconds: string) => `Rate limit of ${what} reached: try again in ${seconds}.`

inEachEra((era) => {
  const options = { era, clock: "virtual" } as const

  describe("rateLimit", () => {
    it("lets a burst through, refuses what comes too soon, and says when to try again", async () => {
      await using client = await connect(
        server(info)
          .tool(echo)
          .use(rateLimit({ perMinute: 2 })),
        options
      )
      expect(await said(client, "echo", { n: 1 })).toBe("echo 1")
      expect(await said(client, "echo", { n: 2 })).toBe("echo 2")
      expect(await refusalOf(client.request("tools/call", { name: "echo", arguments: {} }))).toEqual({
        code: -32603,
        message: again("2 per minute", "30 seconds"),
        data: { retryAfter: 30, limit: 2, window: 60_000 }
      })
      await client.clock.adjust("29 seconds")
      expect(await said(client, "echo")).toBe(again("2 per minute", "1 second"))
      await client.clock.adjust("1 second")
      expect(await said(client, "echo")).toBe("echo")
      expect(await said(client, "echo")).toBe(again("2 per minute", "30 seconds"))
      await client.clock.adjust("1 hour")
      expect([await said(client, "echo"), await said(client, "echo")]).toEqual(["echo", "echo"])
      expect(await said(client, "echo")).toBe(again("2 per minute", "30 seconds"))
    })

    it("allows as much at once as the burst says, more or less than a window's worth", async () => {
      for (const burst of [1, 5]) {
        await using client = await connect(
          server(info)
            .tool(echo)
            .use(rateLimit({ perSecond: 2, burst })),
          options
        )
        for (let n = 0; n < burst; n++) expect(await said(client, "echo")).toBe("echo")
        expect(await said(client, "echo")).toBe(again("2 per second", "1 second"))
        await client.clock.adjust("500 millis")
        expect([await said(client, "echo"), await said(client, "echo")]).toEqual([
          "echo",
          again("2 per second", "1 second")
        ])
      }
    })

    it("never lets more than the limit into a sliding window, and forgets within a twentieth of it", async () => {
      const limited = server(info)
        .tool(echo)
        .use(rateLimit({ limit: 3, window: 20_000, algorithm: "sliding-window" }))
      await using client = await connect(limited, options)
      expect(await said(client, "echo")).toBe("echo")
      await client.clock.adjust("10 seconds")
      for (const text of ["echo", "echo", again("3 in 20 seconds", "11 seconds")]) {
        expect(await said(client, "echo")).toBe(text)
      }
      await client.clock.adjust("10999 millis")
      expect(await said(client, "echo")).toBe(again("3 in 20 seconds", "1 second"))
      await client.clock.adjust("1 millis")
      expect(await said(client, "echo")).toBe("echo")
      expect(await said(client, "echo")).toBe(again("3 in 20 seconds", "10 seconds"))
    })

    it("counts a call that asks over several rounds once", async () => {
      const limited = server(info)
        .add(ask, echo)
        .use(rateLimit({ perHour: 2 }))
      await using client = await connect(limited, { ...options, elicitation: yes })
      expect(await client.call(ask)).toBe("true true")
      expect(await said(client, "echo")).toBe("echo")
      expect(await said(client, "echo")).toBe(again("2 per hour", "1800 seconds"))
      expect(await refusalOf(client.request("tools/call", { name: "ask" }))).toMatchObject({ code: -32603 })
    })

    it("leaves alone what is no call, other methods, and components that it does not name", async () => {
      const limited = server(info)
        .add(echo, other)
        .use(rateLimit({ perHour: 1, only: ["echo"] }))
      await using client = await connect(limited, options)
      for (let n = 0; n < 3; n++) {
        expect(await client.list.tools()).toHaveLength(2)
        expect(await said(client, "other")).toBe("other")
        expect(await said(client, "echo")).toBe(n === 0 ? "echo" : again("1 per hour", "3600 seconds"))
      }
      await using lists = await connect(
        server(info)
          .add(echo)
          .use(rateLimit({ perHour: 1, methods: ["tools/list"] })),
        options
      )
      await lists.list.tools()
      expect((await refusalOf(lists.list.tools())).message).toBe(again("1 per hour", "3600 seconds"))
      expect(await said(lists, "echo")).toBe("echo")
    })

    it("counts tools, resources, prompts and completions, whose templates are known by their URI", async () => {
      const note = resource({ uri: "note://{id}", complete: { id: () => ["1"] } }, ({ id }) => id)
      const page = resource({ uri: "page://{id}" }, ({ id }) => id)
      const greet = prompt({ name: "greet", args: { who: v.string() } }, () => "hello")
      const all = server(info).add(echo, note, page, greet)
      await using client = await connect(all.use(rateLimit({ perHour: 4 })), options)
      await client.call(echo)
      await client.read(note, { id: "1" })
      await client.get(greet, { who: "Ada" })
      await client.complete(note, "id", "")
      for (const made of [
        client.request("tools/call", { name: "echo" }),
        client.read(note, { id: "1" }),
        client.get(greet, { who: "Ada" }),
        client.complete(note, "id", "")
      ]) {
        expect((await refusalOf(made)).message).toBe(again("4 per hour", "900 seconds"))
      }
      await using some = await connect(all.use(rateLimit({ perHour: 1, only: ["note://{id}", "page://2"] })), options)
      await some.read(note, { id: "1" })
      await some.read(page, { id: "1" })
      expect((await refusalOf(some.read(note, { id: "2" }))).message).toBe(again("1 per hour", "3600 seconds"))
      expect((await refusalOf(some.read(page, { id: "2" }))).message).toBe(again("1 per hour", "3600 seconds"))
    })

    it("takes the weight of a call, and refuses for good what weighs more than the most at once", async () => {
      const weight = ({ params }: { params: any }) => params.arguments?.n ?? 0.5
      const limited = server(info)
        .tool(echo)
        .use(rateLimit({ perMinute: 6, weight, name: "tokens" }))
      await using client = await connect(limited, options)
      expect(await said(client, "echo", { n: 5 })).toBe("echo 5")
      expect(await said(client, "echo", { n: 2 })).toBe(
        'Rate limit "tokens" of 6 per minute reached: try again in 10 seconds.'
      )
      expect([await said(client, "echo"), await said(client, "echo")]).toEqual(["echo", "echo"])
      expect(await said(client, "echo", { n: 0 })).toBe("echo 0")
      expect(await said(client, "echo")).toBe('Rate limit "tokens" of 6 per minute reached: try again in 5 seconds.')
      expect(await refusalOf(client.request("tools/call", { name: "echo", arguments: { n: 7 } }))).toEqual({
        code: -32603,
        message: 'Rate limit "tokens" of 6 per minute: this call takes 7 of it, and no more than 6 can be had at once.',
        data: { name: "tokens", limit: 6, window: 60_000 }
      })
    })

    it("masks what its functions do wrong, and logs it", async () => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {})
      const bad = [
        rateLimit({ perHour: 1, weight: () => Number.NaN }),
        rateLimit({ perHour: 1, key: () => 7 as never }),
        rateLimit({
          perHour: 1,
          key: () => {
            throw new Error("secret")
          }
        })
      ]
      for (const one of bad) {
        await using client = await connect(server(info).tool(echo).use(one), options)
        expect(await said(client, "echo")).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
      }
      expect(log).toHaveBeenCalledTimes(3)
    })

    it("counts for each key that a function gives, at once or by an Effect, and not where it gives none", async () => {
      class Tenants extends Context.Service<Tenants, { readonly of: (n: number) => string }>()("spec/Tenants") {}
      const plain = rateLimit({
        perHour: 1,
        key: ({ params }) =>
          (params["arguments"] as any).n === 0 ? undefined : `${(params["arguments"] as any).n % 2}`
      })
      const byEffect = rateLimit({
        perHour: 1,
        key: ({ params }) => {
          const { n } = params["arguments"] as { n: number }
          return n === 0 ? Effect.succeed(undefined) : Effect.map(Tenants, (tenants) => tenants.of(n))
        }
      })
      expectTypeOf(plain).toEqualTypeOf<Middleware>()
      expectTypeOf(byEffect).toEqualTypeOf<Middleware<never, ByLayer<Tenants>>>()
      const tenants = Layer.succeed(Tenants, { of: (n) => `${n % 2}` })
      for (const limited of [plain, byEffect]) {
        await using client = await connect(server(info).tool(echo).use(limited).provide(tenants), options)
        const texts: Array<string> = []
        for (const n of [1, 2, 0, 3, 4, 0]) texts.push(await said(client, "echo", { n }))
        const refused = again("1 per hour", "3600 seconds")
        expect(texts).toEqual(["echo 1", "echo 2", "echo 0", refused, refused, "echo 0"])
      }
    })

    it("tells a failed key as the author wants, before anything runs", async () => {
      const key = () => Effect.fail(new PublicError("Who are you?"))
      await using client = await connect(
        server(info)
          .tool(echo)
          .use(rateLimit({ perHour: 1, key })),
        options
      )
      expect(await said(client, "echo")).toBe("Who are you?")
    })

    it("counts apart for principals, and together where there is nothing to tell callers apart by", async () => {
      await using app = assemble(
        server(info)
          .tool(echo)
          .use(rateLimit({ perHour: 1 }))
      )
      const refused = again("1 per hour", "3600 seconds")
      for (const principal of ["ada", "bob", undefined]) {
        await using client = await connect(app, { era, principal })
        expect([await said(client, "echo"), await said(client, "echo")]).toEqual(["echo", refused])
        await using second = await connect(app, { era, principal })
        // after a handshake a connection is a session
        expect(await said(second, "echo")).toBe(principal === undefined && era === "handshake" ? "echo" : refused)
      }
    })

    it("counts together what lacks the part of its key, and apart for all parts of several", async () => {
      for (const key of era === "handshake" ? ["ip" as const] : (["ip", "session", ["ip", "session"]] as const)) {
        await using app = assemble(
          server(info)
            .tool(echo)
            .use(rateLimit({ perHour: 1, key }))
        )
        await using ada = await connect(app, { era, principal: "ada" })
        await using bob = await connect(app, { era, principal: "bob" })
        expect(await said(ada, "echo")).toBe("echo")
        expect(await said(bob, "echo")).toBe(again("1 per hour", "3600 seconds"))
      }
      const key = ["client", "tool"] as const
      await using app = assemble(
        server(info)
          .add(echo, other)
          .use(rateLimit({ perHour: 1, key }))
      )
      for (const name of ["x", "y"]) {
        await using client = await connect(app, { era, clientInfo: { name, version: "1" } })
        expect([await said(client, "echo"), await said(client, "other")]).toEqual(["echo", "other"])
        expect(await said(client, "echo")).toBe(again("1 per hour", "3600 seconds"))
      }
    })

    it("of a mounted server counts calls of that server alone, under its own names, each place of the mount apart", async () => {
      const child = server({ name: "child", version: "1" })
        .add(echo, other)
        .use(rateLimit({ perHour: 1, only: ["echo"], key: "tool" }))
      const root = server(info).tool(echo).mount("a", child).mount("b", child)
      await using client = await connect(root, options)
      const refused = again("1 per hour", "3600 seconds")
      const texts: Array<string> = []
      for (const name of ["a_echo", "a_echo", "b_echo", "b_echo", "echo", "echo", "a_other", "a_other"]) {
        texts.push(await said(client, name))
      }
      expect(texts).toEqual(["echo", refused, "echo", refused, "echo", "echo", "other", "other"])
    })

    it("counts limits apart that look the same, and one that is used twice at both places", async () => {
      const same = () => rateLimit({ perHour: 4 })
      const child = server({ name: "child", version: "1" }).tool(echo).use(same())
      await using apart = await connect(server(info).mount("c", child).use(same()), options)
      for (let n = 0; n < 4; n++) expect(await said(apart, "c_echo")).toBe("echo")
      expect(await said(apart, "c_echo")).toBe(again("4 per hour", "900 seconds"))
      const one = same()
      const nested = server({ name: "child", version: "1" }).tool(echo).use(one)
      await using both = await connect(server(info).mount("c", nested).use(one), options)
      for (let n = 0; n < 2; n++) expect(await said(both, "c_echo")).toBe("echo")
      expect(await said(both, "c_echo")).toBe(again("4 per hour", "900 seconds"))
    })

    it("starts anew for each app of a server", async () => {
      const limited = server(info)
        .tool(echo)
        .use(rateLimit({ perHour: 1 }))
      for (let n = 0; n < 2; n++) {
        await using client = await connect(limited, options)
        expect(await said(client, "echo")).toBe("echo")
      }
    })

    it("counts a call that is cancelled: it has begun", async () => {
      const slow = tool({ name: "slow" }, () => Effect.never)
      await using client = await connect(
        server(info)
          .tool(slow)
          .use(rateLimit({ perHour: 1 })),
        options
      )
      const stop = new AbortController()
      const call = client.call(slow, {}, { signal: stop.signal })
      stop.abort(new Error("enough"))
      await expect(call).rejects.toThrow("enough")
      expect(await said(client, "slow")).toBe(again("1 per hour", "3600 seconds"))
    })
  })

  describe("rateLimit with a store that fails", () => {
    /** A store that answers as told, and how often it was asked. */
    const failing = () => {
      const asked: Array<string> = []
      const state = { down: true }
      const store = Layer.succeed(RateLimitStore, {
        shared: true,
        take: (_, key) =>
          Effect.suspend(() => {
            asked.push(key)
            return state.down ? Effect.fail(new RateLimitStoreError({ message: "no route" })) : Effect.succeed(0)
          })
      })
      return { asked, state, store }
    }

    it("lets calls pass by default, logs it once an outage, and leaves the store alone for a second", async () => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {})
      const { asked, state, store } = failing()
      const limited = server(info)
        .tool(echo)
        .use(rateLimit({ perHour: 1, name: "shared" }))
        .provide(store)
      await using client = await connect(limited, { ...options, principal: "ada" })
      for (let n = 0; n < 3; n++) expect(await said(client, "echo")).toBe("echo")
      expect(asked).toEqual(["principal:ada"])
      expect(log).toHaveBeenCalledTimes(1)
      expect(log.mock.calls[0]!.join(" ")).toContain(
        'Rate limit "shared": its store cannot be asked, and until it can, calls pass uncounted'
      )
      await client.clock.adjust("1 second")
      await said(client, "echo")
      expect([asked.length, log.mock.calls.length]).toEqual([2, 1])
      await client.clock.adjust("1 second")
      state.down = false
      await said(client, "echo")
      state.down = true
      await said(client, "echo")
      expect([asked.length, log.mock.calls.length]).toEqual([4, 2])
    })

    it("refuses calls where it is told to", async () => {
      vi.spyOn(console, "error").mockImplementation(() => {})
      const { store } = failing()
      const limited = server(info)
        .tool(echo)
        .use(rateLimit({ perHour: 1, onStoreError: "refuse" }))
        .provide(store)
      await using client = await connect(limited, options)
      expect(await refusalOf(client.request("tools/call", { name: "echo" }))).toEqual({
        code: -32603,
        message: "Rate limit of 1 per hour cannot be checked now: try again in 1 second.",
        data: { retryAfter: 1 }
      })
    })

    it("warns of two limits that share their counts because nobody named them", async () => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {})
      const { state, store } = failing()
      state.down = false
      const same = () => rateLimit({ perHour: 1 })
      const child = server({ name: "child", version: "1" }).tool(echo).use(same())
      await using client = await connect(server(info).mount("c", child).use(same()).provide(store), options)
      for (let n = 0; n < 3; n++) expect(await said(client, "c_echo")).toBe("echo")
      expect(log).toHaveBeenCalledTimes(1)
      expect(log.mock.calls[0]!.join(" ")).toMatch(/Two rate limits have the name "[\w-]{16}", and share what is taken/)
    })
  })
})

describe("rateLimit refuses", () => {
  it.each([
    [undefined, "rateLimit: pass a record of options: perSecond, perMinute,"],
    [{ perMinutes: 1 }, 'rateLimit: there is no option "perMinutes"; there are perSecond, perMinute,'],
    [{}, "rateLimit: say how many, in one way: perSecond, perMinute, perHour, or limit and window (in milliseconds)."],
    [{ perMinute: 1, perHour: 2 }, "rateLimit: say how many, in one way"],
    [{ perMinute: 1, window: 2 }, "rateLimit: say how many, in one way"],
    [{ perMinute: 0 }, "rateLimit: perMinute is 0; use an integer from 1 to 1000000000."],
    [{ perSecond: 0.5 }, "rateLimit: perSecond is 0.5; use an integer from 1 to 1000000000."],
    [{ limit: 5 }, "rateLimit: window is nothing; use an integer from 1 to 31536000000, in milliseconds."],
    [{ perMinute: 1, burst: 0 }, "rateLimit: burst is 0; use an integer from 1 to 1000000000."],
    [{ perMinute: 1, algorithm: "leaky" }, 'rateLimit: algorithm is "leaky"; use "token-bucket" or "sliding-window".'],
    [
      { perMinute: 1, algorithm: "sliding-window", burst: 1 },
      'rateLimit: burst belongs to algorithm "token-bucket"; leave it out.'
    ],
    [
      { perMinute: 1, key: "user" },
      'rateLimit: key is "user"; use one or more of principal, session, client, ip, tool, or a function.'
    ],
    [{ perMinute: 1, key: [] }, "rateLimit: key is []; use one or more of"],
    [
      { perMinute: 1, weight: 2 },
      "rateLimit: weight is 2; use a number above 0 and up to 1, the most at once, or a function."
    ],
    [{ perMinute: 1, methods: [] }, 'rateLimit: methods is []; use an array of MCP methods, such as ["tools/call"].'],
    [
      { perMinute: 1, only: 5 },
      "rateLimit: only is 5; use names, in which * stands for anything, { tag }, a function, or an array of these."
    ],
    [{ perMinute: 1, only: [] }, "rateLimit: only is []; pick something, or leave it out."],
    [
      { perMinute: 1, only: "a", except: ["b", "a"] },
      'rateLimit: "a" is in only and in except; leave it in one of them.'
    ],
    [{ perMinute: 1, onStoreError: "pass" }, 'rateLimit: onStoreError is "pass"; use "allow" or "refuse".'],
    [{ perMinute: 1, name: "a:b" }, 'rateLimit: name is "a:b"; use 1 to 64 letters, digits, "_", "." and "-".']
  ])("%o", (options, message) => {
    expect(() => rateLimit(options as never)).toThrow(DefinitionError)
    expect(() => rateLimit(options as never)).toThrow(message)
  })

  it("what is no option, and two ways of saying how many, as far as types go", () => {
    const make = (_: () => unknown) => {}
    // @ts-expect-error there is no such option
    make(() => rateLimit({ perMinutes: 1 }))
    // @ts-expect-error one way is enough
    make(() => rateLimit({ perMinute: 1, perHour: 1 }))
    // @ts-expect-error a window goes with a limit
    make(() => rateLimit({ limit: 1 }))
    // @ts-expect-error a sliding window has no burst
    make(() => rateLimit({ perMinute: 1, algorithm: "sliding-window", burst: 1 }))
    // @ts-expect-error no such part
    make(() => rateLimit({ perMinute: 1, key: ["principal", "user"] }))
    make(() => rateLimit({ perMinute: 1, key: () => Effect.map(Principal, ({ id }) => id) }))
    expectTypeOf(
      rateLimit({ perMinute: 1, key: () => Effect.map(Principal, ({ id }) => id) })
    ).toEqualTypeOf<Middleware>()
  })
})
