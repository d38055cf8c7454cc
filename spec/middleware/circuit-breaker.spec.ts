import {
  DefinitionError,
  Effect,
  Elicitation,
  type Middleware,
  middleware,
  PublicError,
  prompt,
  resource,
  result,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest"
import type { CallFailure } from "../../lib/middleware/call-failure.ts"
import { circuitBreaker } from "../../lib/middleware/circuit-breaker.ts"
import { type CircuitChange, circuits, mostCircuits } from "../../lib/middleware/circuits.ts"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"
import { accept, connect, type TestClient } from "../../lib/testing/index.ts"
import { inEachEra, info } from "../testing/eras.ts"
import { refusalOf, said } from "./calls.ts"

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})
/** What was logged, without times and fibers, and without the errors of the calls themselves. */
const logged = () =>
  log.mock.calls
    .map((args: ReadonlyArray<unknown>) => args.join(" "))
    .flatMap((line: string) => {
      const found = /(WARN|INFO).*?: (Circuit .*)$/.exec(line.replaceAll("\n", " "))
      return found === null ? [] : [`${found[1]} ${found[2]}`]
    })

class NoStock extends Error {}

/** A tool that does as it is told. */
const flaky = tool({ name: "flaky", input: { how: v.string() }, errors: [NoStock], timeout: 1_000 }, ({ how }) => {
  switch (how) {
    case "well":
      return Effect.succeed(result({ content: "well" }))
    case "tool error":
      return Effect.fail(new ToolError("no"))
    case "declared":
      return Effect.fail(new NoStock("none left"))
    case "says so":
      return Effect.succeed(result({ content: "no", isError: true }))
    case "slow":
      return Effect.never
    case "dies":
      return Effect.die(new Error("secret"))
    default:
      return Effect.fail(new Error("secret"))
  }
})

const shut = (seconds: string, what = 'The tool "flaky"') =>
  `${what} has failed too often and is left alone for now: try again in ${seconds}.`

const call = async (client: TestClient, how: string): Promise<string> => {
  const text = await said(client, "flaky", { how })
  return text.startsWith("Internal error") ? "masked" : text
}

inEachEra((era) => {
  const options = { era, clock: "virtual" } as const
  const settings = { failures: 2, window: 10_000, openFor: 30_000 }

  describe("circuitBreaker", () => {
    it("opens after so many failures, refuses at once, lets one call find out, and closes when it goes well", async () => {
      const changes: Array<CircuitChange> = []
      const onChange = (change: CircuitChange) => void changes.push(change)
      await using client = await connect(
        server(info)
          .tool(flaky)
          .use(circuitBreaker({ ...settings, onChange })),
        options
      )
      expect([await call(client, "badly"), await call(client, "dies")]).toEqual(["masked", "masked"])
      expect(await refusalOf(client.request("tools/call", { name: "flaky", arguments: { how: "well" } }))).toEqual({
        code: -32603,
        message: shut("30 seconds"),
        data: { retryAfter: 30 }
      })
      await client.clock.adjust("29001 millis")
      expect(await call(client, "well")).toBe(shut("1 second"))
      await client.clock.adjust("999 millis")
      expect([await call(client, "badly"), await call(client, "well")]).toEqual(["masked", shut("30 seconds")])
      await client.clock.adjust("30 seconds")
      expect([await call(client, "well"), await call(client, "badly"), await call(client, "well")]).toEqual([
        "well",
        "masked",
        "well"
      ])
      const key = "tool flaky"
      expect(changes).toEqual([
        { key, from: "closed", to: "open" },
        { key, from: "open", to: "half-open" },
        { key, from: "half-open", to: "open" },
        { key, from: "open", to: "half-open" },
        { key, from: "half-open", to: "closed" }
      ])
      expect(logged()).toEqual([
        'WARN Circuit "tool flaky" is open for 30 seconds: 2 failures within 10000 ms',
        'INFO Circuit "tool flaky" is half open: the next calls will tell',
        'WARN Circuit "tool flaky" is open again for 30 seconds: it still fails',
        'INFO Circuit "tool flaky" is half open: the next calls will tell',
        'INFO Circuit "tool flaky" is closed again'
      ])
    })

    it("forgets failures that are older than the window, and not for a call that goes well", async () => {
      await using client = await connect(server(info).tool(flaky).use(circuitBreaker(settings)), options)
      await call(client, "badly")
      await client.clock.adjust("10 seconds")
      await call(client, "badly")
      expect(await call(client, "well")).toBe("well")
      await client.clock.adjust("9999 millis")
      await call(client, "badly")
      expect(await call(client, "well")).toBe(shut("30 seconds"))
    })

    it("counts unexpected errors and timeouts, and nothing that was meant for the client", async () => {
      await using client = await connect(
        server(info)
          .tool(flaky)
          .use(circuitBreaker({ ...settings, failures: 2 })),
        options
      )
      for (const how of ["tool error", "declared", "says so"]) {
        for (let n = 0; n < 3; n++) expect(await call(client, how)).not.toMatch(/left alone/)
      }
      for (let n = 0; n < 3; n++) expect(await said(client, "flaky", { how: 1 })).toMatch(/^Invalid arguments/)
      const slow = [call(client, "slow"), call(client, "slow")]
      await client.clock.adjust("1 second")
      expect(await Promise.all(slow)).toEqual(Array(2).fill('Tool "flaky" timed out after 1000 ms.'))
      expect(await call(client, "well")).toBe(shut("30 seconds"))
    })

    it("counts what isFailure says, which is told what was raised, or that it was a result", async () => {
      const seen: Array<CallFailure> = []
      const isFailure = (failure: CallFailure) => {
        seen.push(failure)
        return failure.kind === "public"
      }
      await using client = await connect(
        server(info)
          .tool(flaky)
          .use(circuitBreaker({ ...settings, isFailure })),
        options
      )
      const hows = ["dies", "badly", "says so", "tool error", "declared"]
      for (const how of hows) await call(client, how)
      expect(await call(client, "well")).toBe(shut("30 seconds"))
      expect(seen.map(({ kind, message }) => `${kind} ${message}`)).toEqual([
        "unexpected secret",
        "unexpected secret",
        "result no",
        "public no",
        "public none left"
      ])
      expect(seen[4]!.error).toBeInstanceOf(NoStock)
      expect(seen[4]!.request).toMatchObject({ method: "tools/call", name: "flaky" })
    })

    it("takes several calls to find out where it is told to, at once and no more", async () => {
      await using client = await connect(
        server(info)
          .tool(flaky)
          .use(circuitBreaker({ ...settings, failures: 1, halfOpen: 2 })),
        options
      )
      await call(client, "badly")
      await client.clock.adjust("30 seconds")
      const slow = call(client, "slow")
      expect([await call(client, "well"), await call(client, "well")]).toEqual(["well", shut("1 second")])
      await client.clock.adjust("1 second")
      expect(await slow).toMatch(/timed out/)
      expect(await call(client, "well")).toBe(shut("30 seconds"))
      await client.clock.adjust("30 seconds")
      expect(await Promise.all([call(client, "well"), call(client, "tool error")])).toEqual(["well", "no"])
      expect([await call(client, "badly"), await call(client, "badly")]).toEqual(["masked", shut("30 seconds")])
    })

    it("counts a cancelled call neither way, and lets the next find out in its place", async () => {
      await using client = await connect(
        server(info)
          .tool(flaky)
          .use(circuitBreaker({ ...settings, failures: 1 })),
        options
      )
      const stop = new AbortController()
      const cancelled = client.call("flaky", { how: "slow" }, { signal: stop.signal })
      stop.abort(new Error("enough"))
      await expect(cancelled).rejects.toThrow("enough")
      expect(await call(client, "badly")).toBe("masked")
      await client.clock.adjust("30 seconds")
      const again = new AbortController()
      const trial = client.call("flaky", { how: "slow" }, { signal: again.signal })
      expect(await call(client, "well")).toBe(shut("1 second"))
      again.abort(new Error("enough"))
      await expect(trial).rejects.toThrow("enough")
      expect([await call(client, "well"), await call(client, "well")]).toEqual(["well", "well"])
    })

    it("takes no word of calls that began before it changed", async () => {
      await using client = await connect(
        server(info)
          .tool(flaky)
          .use(circuitBreaker({ ...settings, failures: 1, openFor: 500 })),
        options
      )
      const late = call(client, "slow")
      await call(client, "badly")
      await client.clock.adjust("500 millis")
      expect(await call(client, "well")).toBe("well")
      await call(client, "badly")
      await client.clock.adjust("500 millis")
      expect(await late).toMatch(/timed out/)
      expect(await call(client, "well")).toBe("well")
    })

    it("looks at a call that asks once it is over, and lets its rounds find out like one call", async () => {
      const ask = tool({ name: "ask", input: { end: v.string() } }, function* ({ end }) {
        yield* Elicitation.confirm("First?")
        yield* Elicitation.confirm("Second?")
        return end === "well" ? "well" : yield* Effect.die(new Error("secret"))
      })
      const breaker = circuitBreaker({ ...settings, failures: 2 })
      const elicitation = () => accept({ ok: true })
      await using client = await connect(server(info).tool(ask).use(breaker), { ...options, elicitation })
      const attempt = async (end: string) => {
        const outcome = await client.attempt("ask", { end }).catch((error) => ({ ok: false as const, error }))
        return outcome.ok ? outcome.value : (outcome.error as Error).message.replace(/^Internal.*|^secret$/, "masked")
      }
      expect([await attempt("badly"), await attempt("well")]).toEqual(["masked", "well"])
      expect(await attempt("badly")).toBe("masked")
      expect(await attempt("well")).toBe(shut("30 seconds", 'The tool "ask"'))
      await client.clock.adjust("30 seconds")
      expect([await attempt("well"), await attempt("well")]).toEqual(["well", "well"])
    })

    it("has one circuit for each tool, prompt, resource and template, and one for all calls of another key", async () => {
      const broken = () => Effect.die(new Error("secret"))
      const all = server(info).add(
        flaky,
        tool({ name: "well" }, () => "well"),
        prompt({ name: "p" }, broken),
        resource({ uri: "x://{id}" }, broken)
      )
      await using client = await connect(all.use(circuitBreaker({ ...settings, failures: 1 })), options)
      await call(client, "badly")
      expect(await call(client, "well")).toBe(shut("30 seconds"))
      expect(await said(client, "well")).toBe("well")
      for (const made of [() => client.get("p"), () => client.read("x://1")]) {
        await expect(made()).rejects.toThrow("Internal error")
      }
      await expect(client.get("p")).rejects.toThrow(shut("30 seconds", 'The prompt "p"'))
      await expect(client.read("x://2")).rejects.toThrow(shut("30 seconds", 'The resource "x://{id}"'))
      await using shared = await connect(all.use(circuitBreaker({ ...settings, failures: 1, key: "client" })), options)
      await call(shared, "badly")
      expect(await said(shared, "well")).toBe(shut("30 seconds", 'The tool "well"'))
    })

    it("of a mounted server has a circuit for each place of the mount, and sees what middleware inside of it refuses", async () => {
      const child = server({ name: "child", version: "1" })
        .tool(flaky)
        .use(circuitBreaker({ ...settings, failures: 1 }))
      await using client = await connect(server(info).mount("a", child).mount("b", child), options)
      await said(client, "a_flaky", { how: "badly" })
      expect(await said(client, "a_flaky", { how: "well" })).toBe(shut("30 seconds", 'The tool "a_flaky"'))
      expect(await said(client, "b_flaky", { how: "well" })).toBe("well")
      const inner = server({ name: "inner", version: "1" })
        .tool(flaky)
        .use(rateLimit({ perHour: 1 }))
      const outer = server(info)
        .mount("c", inner)
        .use(circuitBreaker({ ...settings, failures: 1 }))
      await using around = await connect(outer, options)
      expect(await said(around, "c_flaky", { how: "well" })).toBe("well")
      for (let n = 0; n < 2; n++) expect(await said(around, "c_flaky", { how: "well" })).toMatch(/^Rate limit/)
      const failing = server({ name: "inner", version: "1" })
        .tool(flaky)
        .use(middleware(() => Effect.fail(new Error("secret"))))
      const guarded = server(info)
        .mount("c", failing)
        .use(circuitBreaker({ ...settings, failures: 1 }))
      await using broken = await connect(guarded, options)
      expect(await said(broken, "c_flaky", { how: "well" })).toMatch(/^Internal error/)
      expect(await said(broken, "c_flaky", { how: "well" })).toBe(shut("30 seconds", 'The tool "c_flaky"'))
    })

    it("does not let what hears of changes harm a call, and waits for its Effect", async () => {
      const heard: Array<string> = []
      const onChange = ({ to }: CircuitChange) =>
        to === "open"
          ? Effect.andThen(
              Effect.sync(() => void heard.push(to)),
              Effect.fail(new PublicError("full disk"))
            )
          : (() => {
              throw new Error("broken")
            })()
      const breaker = circuitBreaker({ ...settings, failures: 1, onChange })
      await using client = await connect(server(info).tool(flaky).use(breaker), options)
      expect(await call(client, "badly")).toBe("masked")
      expect(heard).toEqual(["open"])
      await client.clock.adjust("30 seconds")
      expect(await call(client, "well")).toBe("well")
      expect(
        log.mock.calls.filter((args: ReadonlyArray<unknown>) =>
          args.join(" ").includes("circuitBreaker: onChange failed")
        )
      ).toHaveLength(3)
    })

    it("masks an isFailure that throws, and lets the next call find out all the same", async () => {
      let throws = false
      const isFailure = () => {
        if (throws) throw new Error("broken")
        return true
      }
      const breaker = circuitBreaker({ ...settings, failures: 1, isFailure })
      await using client = await connect(server(info).tool(flaky).use(breaker), options)
      await call(client, "badly")
      await client.clock.adjust("30 seconds")
      throws = true
      expect(await call(client, "badly")).toBe("masked")
      expect(await call(client, "well")).toBe("well")
    })
  })
})

describe("circuits", () => {
  const settings = { failures: 1, window: 1_000, openFor: 1_000, halfOpen: 1 }
  const nobody = () => {}
  const fail = (all: ReturnType<typeof circuits>, key: string, now: number) => {
    const entered = all.enter(key, now, nobody)
    if (entered.type === "passed") entered.leave("failure", now)
    return entered.type
  }

  it("remember no key with which all is well, and 10,000 at most", () => {
    const all = circuits({ ...settings, failures: 2 })
    expect(fail(all, "a", 0)).toBe("passed")
    expect(all.size()).toBe(1)
    const later = all.enter("a", 1_000, nobody)
    if (later.type === "passed") later.leave("success", 1_000)
    expect(all.size()).toBe(0)
    for (let n = 0; n < mostCircuits + 10; n++) fail(all, `key ${n}`, 2_000)
    expect(all.size()).toBe(mostCircuits)
  })

  it("are open for no longer than they said when the clock is set back", () => {
    const all = circuits(settings)
    fail(all, "a", 1_000_000)
    expect(all.enter("a", 500, nobody)).toEqual({ type: "refused", wait: 1_000 })
    expect(all.enter("a", 1_499, nobody)).toEqual({ type: "refused", wait: 1 })
    expect(all.enter("a", 1_500, nobody).type).toBe("passed")
  })
})

describe("circuitBreaker refuses", () => {
  const good = { failures: 1, window: 1, openFor: 1 }
  it.each([
    [undefined, "circuitBreaker: pass a record of options: failures, window, openFor,"],
    [{ ...good, threshold: 1 }, 'circuitBreaker: there is no option "threshold"; there are failures, window, openFor,'],
    [{ ...good, failures: 0 }, "circuitBreaker: failures is 0; use an integer from 1 to 10000."],
    [{ ...good, window: 0.5 }, "circuitBreaker: window is 0.5; use an integer from 1 to 31536000000, in milliseconds."],
    [
      { failures: 1, window: 1 },
      "circuitBreaker: openFor is nothing; use an integer from 1 to 31536000000, in milliseconds."
    ],
    [{ ...good, halfOpen: 0 }, "circuitBreaker: halfOpen is 0; use an integer from 1 to 10000."],
    [{ ...good, isFailure: true }, "circuitBreaker: isFailure is true; use a function."],
    [{ ...good, onChange: "log" }, 'circuitBreaker: onChange is "log"; use a function.'],
    [{ ...good, key: ["tools"] }, 'circuitBreaker: key is ["tools"]; use one or more of principal, session,']
  ])("%o", (options, message) => {
    expect(() => circuitBreaker(options as never)).toThrow(DefinitionError)
    expect(() => circuitBreaker(options as never)).toThrow(message)
  })

  it("and needs no services of its own", () => {
    expectTypeOf(circuitBreaker(good)).toEqualTypeOf<Middleware>()
  })
})
