import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type ClientRequests, clientRequests, type WriteAsk } from "../../lib/protocol/client-requests.ts"
import { AskRefused, AskTimedOut } from "../../lib/services/ask-errors.ts"
import type { AskRequest } from "../../lib/services/asks.ts"

const roots: AskRequest = { method: "roots/list", params: {} }
const sample = (n: number): AskRequest => ({ method: "sampling/createMessage", params: { maxTokens: n } })

/** Requests to a client that writes down what it hears. */
const asking = () => {
  const heard: Array<any> = []
  const requests = clientRequests()
  const write = (message: unknown) => {
    heard.push(message)
    return undefined
  }
  return { requests, heard, write, send: (ask: AskRequest, millis = 1_000) => requests.send(ask, write, millis) }
}

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, TestClock.layer()))

/** Starts an ask: what it wrote is written once this has run. */
const begin = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined

const cancelled = (requestId: string, reason: string) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason }
})

const noLonger = "The server no longer needs the answer."

describe("an answer", () => {
  it("comes back as the client's raw result, whatever that is", async () => {
    const { requests, heard, send } = asking()
    const answers = await run(
      Effect.gen(function* () {
        const first = yield* begin(send(roots))
        const second = yield* begin(send(sample(2)))
        expect(heard).toStrictEqual([
          { jsonrpc: "2.0", id: "mcpipe-1", method: "roots/list", params: {} },
          { jsonrpc: "2.0", id: "mcpipe-2", method: "sampling/createMessage", params: { maxTokens: 2 } }
        ])
        expect(requests.receive({ id: "mcpipe-2", result: "odd" })).toBe(true)
        // some clients write both members
        expect(requests.receive({ id: "mcpipe-1", result: { roots: [] }, error: null })).toBe(true)
        return [yield* Fiber.join(first), yield* Fiber.join(second)]
      })
    )
    expect(answers).toStrictEqual([{ roots: [] }, "odd"])
    expect(heard).toHaveLength(2)
  })

  it("finds its question among fifty that are open, in whatever order it comes", async () => {
    const { requests, heard, send } = asking()
    const numbers = Array.from({ length: 50 }, (_, n) => n)
    const answers = await run(
      Effect.gen(function* () {
        const all = yield* begin(
          Effect.forEach(numbers, (n) => send(sample(n)), {
            concurrency: "unbounded"
          })
        )
        expect(new Set(heard.map(({ id }) => id)).size).toBe(50)
        for (const { id, params } of [...heard].reverse()) requests.receive({ id, result: { for: params.maxTokens } })
        return yield* Fiber.join(all)
      })
    )
    expect(answers).toStrictEqual(numbers.map((n) => ({ for: n })))
  })

  it("that comes before `write` has returned is taken all the same", async () => {
    const requests = clientRequests()
    const write: WriteAsk = (message) => {
      if ("id" in message) requests.receive({ id: message.id, result: "at once" })
      return undefined
    }
    expect(await run(requests.send(roots, write, 1_000))).toBe("at once")
  })

  it("to nothing that was asked, or a second one, belongs to nobody", async () => {
    const { requests, send } = asking()
    expect(requests.receive({ id: "mcpipe-1", result: {} })).toBe(false)
    await run(
      Effect.gen(function* () {
        const asked = yield* begin(send(roots))
        // ids of type string and number are different ids
        expect(requests.receive({ id: 1, result: {} })).toBe(false)
        expect(requests.receive({ id: "mcpipe-1", result: {} })).toBe(true)
        expect(requests.receive({ id: "mcpipe-1", result: {} })).toBe(false)
        yield* Fiber.join(asked)
      })
    )
  })
})

describe("a client's error", () => {
  const refusedWith = async (error: unknown) => {
    const { requests, send } = asking()
    const exit = await run(
      Effect.gen(function* () {
        const asked = yield* begin(send(roots))
        requests.receive({ id: "mcpipe-1", error })
        return yield* Fiber.await(asked)
      })
    )
    return failureOf(exit) as AskRefused
  }

  it("fails the ask with its message and code", async () => {
    const failure = await refusedWith({ code: -1, message: "User rejected sampling request", data: { secret: 1 } })
    expect(failure).toBeInstanceOf(AskRefused)
    expect(failure.message).toBe("The client did not answer roots/list: User rejected sampling request (code -1)")
    expect(failure.clientCode).toBe(-1)
  })

  it("is cut to a readable length, and has no half characters", async () => {
    const failure = await refusedWith({ code: 1, message: `${"x".repeat(999)}😀` })
    expect(failure.message).toBe(`The client did not answer roots/list: ${"x".repeat(999)}\ufffd (code 1)`)
  })

  it.each([[{}], ["no"], [[]], [{ code: "1", message: "x" }], [{ code: 1 }]])(
    "of no shape that JSON-RPC knows is told as that: %j",
    async (error) => {
      const failure = await refusedWith(error)
      expect(failure.message).toBe(
        "The client did not answer roots/list: its error is not one of JSON-RPC: it needs a code and a message"
      )
      expect(failure.clientCode).toBe(undefined)
    }
  )
})

describe("an ask that gets no answer", () => {
  it("times out after its milliseconds, not before, and tells the client", async () => {
    const { requests, heard, send } = asking()
    await run(
      Effect.gen(function* () {
        const asked = yield* begin(send(roots, 60_000))
        yield* TestClock.adjust(59_999)
        expect(heard).toHaveLength(1)
        yield* TestClock.adjust(1)
        const failure = failureOf(yield* Fiber.await(asked)) as AskTimedOut
        expect(failure).toBeInstanceOf(AskTimedOut)
        expect(failure.message).toBe("The client did not answer roots/list within 60000 ms.")
        expect(heard.slice(1)).toStrictEqual([cancelled("mcpipe-1", "No answer within 60000 ms.")])
        // basic/utilities/cancellation: the answer may have been on its way
        expect(requests.receive({ id: "mcpipe-1", result: {} })).toBe(false)
      })
    )
  })

  it("waits for ever where there is no timeout", async () => {
    const { requests, send } = asking()
    const answer = await run(
      Effect.gen(function* () {
        const asked = yield* begin(send(roots, Number.POSITIVE_INFINITY))
        yield* TestClock.adjust("300 days")
        requests.receive({ id: "mcpipe-1", result: "at last" })
        return yield* Fiber.join(asked)
      })
    )
    expect(answer).toBe("at last")
  })

  it("that is interrupted tells the client, once", async () => {
    const { requests, heard, send } = asking()
    await run(
      Effect.gen(function* () {
        const asked = yield* begin(send(roots))
        yield* Fiber.interrupt(asked)
        expect(heard.slice(1)).toStrictEqual([cancelled("mcpipe-1", noLonger)])
        requests.close()
        requests.abandon("mcpipe-1", "too late")
        expect(heard).toHaveLength(2)
      })
    )
  })

  it("that is given up fails with the reason, and the client is told", async () => {
    const { requests, heard, send } = asking()
    await run(
      Effect.gen(function* () {
        const first = yield* begin(send(roots))
        const second = yield* begin(send(roots))
        requests.abandon("mcpipe-1", "the stream it was asked on is gone")
        requests.abandon("mcpipe-9", "unknown")
        expect(failureOf(yield* Fiber.await(first))).toStrictEqual(
          new AskRefused("roots/list", "the stream it was asked on is gone")
        )
        expect(heard.slice(2)).toStrictEqual([cancelled("mcpipe-1", noLonger)])
        requests.receive({ id: "mcpipe-2", result: "still open" })
        expect(yield* Fiber.join(second)).toBe("still open")
      })
    )
  })
})

describe("a client that cannot be reached", () => {
  it("fails the ask at once where the stream does not take it, and nothing stays open", async () => {
    const requests = clientRequests()
    const exit = await run(Effect.exit(requests.send(roots, () => "it does not read what it is sent", 1_000)))
    expect((failureOf(exit) as Error).message).toBe(
      "The client did not answer roots/list: it does not read what it is sent"
    )
    expect(requests.receive({ id: "mcpipe-1", result: {} })).toBe(false)
  })

  it("that goes away fails all that is open and all that is asked later, and is written to no more", async () => {
    const { requests, heard, send } = asking()
    await run(
      Effect.gen(function* () {
        const first = yield* begin(send(roots))
        const second = yield* begin(send(sample(1)))
        requests.close()
        expect(failureOf(yield* Fiber.await(first))).toStrictEqual(new AskRefused("roots/list", "it has gone away"))
        expect(failureOf(yield* Fiber.await(second))).toStrictEqual(
          new AskRefused("sampling/createMessage", "it has gone away")
        )
        const later = yield* Effect.exit(send(roots))
        expect(failureOf(later)).toStrictEqual(new AskRefused("roots/list", "it has gone away"))
      })
    )
    expect(heard).toHaveLength(2)
  })
})

it("whatever happens to concurrent asks, each ends once and with what is its own", async () => {
  const fate = fc.constantFrom("answer", "refuse", "interrupt", "abandon", "time out", "close")
  const property = fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 20 }), fc.infiniteStream(fc.nat()), play)
  await fc.assert(property, { numRuns: 200 })
})

type Fate = "answer" | "refuse" | "interrupt" | "abandon" | "time out" | "close"

/** Asks once for each fate, lets them meet it in a random order, and checks each end and each word the client heard. */
const play = async (fates: ReadonlyArray<Fate>, order: fc.Stream<number>): Promise<void> => {
  const { requests, heard, send } = asking()
  await run(
    Effect.gen(function* () {
      const asks: Array<{ readonly fate: Fate; readonly id: string; readonly fiber: Fiber.Fiber<unknown, unknown> }> =
        []
      for (const [n, fate] of fates.entries()) {
        const fiber = yield* begin(send(sample(n), 1_000 + n))
        asks.push({ fate, id: heard.at(-1).id, fiber })
      }
      const shuffled = asks
        .map((ask) => ({ ask, at: order.next().value! }))
        .sort((a, b) => a.at - b.at)
        .map(({ ask }) => ask)
      for (const { fate, id, fiber } of shuffled) {
        if (fate === "answer") requests.receive({ id, result: id })
        if (fate === "refuse") requests.receive({ id, error: { code: 7, message: id } })
        if (fate === "interrupt") yield* Fiber.interrupt(fiber)
        if (fate === "abandon") requests.abandon(id, id)
      }
      if (fates.includes("close")) requests.close()
      else yield* TestClock.adjust(2_000)
      for (const { fate, id, fiber } of asks)
        yield* expectEnd(requests, fate, id, fiber, fates.includes("close"), heard)
    })
  )
}

const expectEnd = (
  requests: ClientRequests,
  fate: Fate,
  id: string,
  fiber: Fiber.Fiber<unknown, unknown>,
  closed: boolean,
  heard: ReadonlyArray<any>
) =>
  Effect.map(Fiber.await(fiber), (exit) => {
    const told = heard.filter(({ params }) => params?.requestId === id).length
    expect(requests.receive({ id, result: {} })).toBe(false)
    if (fate === "answer") expect(exit).toStrictEqual(Exit.succeed(id))
    else if (fate === "interrupt") expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
    else if (fate === "refuse") expect((failureOf(exit) as AskRefused).message).toContain(`${id} (code 7)`)
    else if (fate === "abandon") expect((failureOf(exit) as AskRefused).message).toContain(id)
    else if (closed) expect((failureOf(exit) as AskRefused).message).toContain("gone away")
    else expect(failureOf(exit)).toBeInstanceOf(AskTimedOut)
    const cancels = fate === "interrupt" || fate === "abandon" || (fate === "time out" && !closed)
    expect(told).toBe(cancels ? 1 : 0)
  })
