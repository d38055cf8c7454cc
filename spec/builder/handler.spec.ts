import { Context, Data, Effect, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { HandlerContexts, invoker, invokerOf } from "../../lib/builder/handler.ts"

/** Handlers made uniform have forgotten what they need. */
const promised = (effect: Effect.Effect<any, any, any>) => Effect.runPromise(effect as Effect.Effect<any>)

const run = (handler: (args: any, context: any) => unknown, args: unknown = {}) =>
  promised(
    Effect.result(invoker(handler, undefined, "tool")(args)).pipe(
      Effect.provideService(HandlerContexts, {
        make: () => "context",
        ofHook: () => "hook",
        interrupted: () => Effect.void
      })
    )
  )

class Sad extends Data.TaggedError("Sad")<{}> {}
const sad = new Sad()

describe("a handler", () => {
  it.each<[string, (args: any, context: any) => unknown]>([
    ["plain function", ({ a }, context) => [a, context]],
    ["async function", async ({ a }, context) => [a, context]],
    ["function that returns an Effect", ({ a }, context) => Effect.succeed([a, context])],
    [
      "generator",
      function* ({ a }, context) {
        yield* Effect.void
        return [a, context] as const
      }
    ],
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    ["function that returns a foreign promise", ({ a }, context) => ({ then: (resolve: any) => resolve([a, context]) })]
  ])("may be a %s", async (_, handler) => {
    expect(await run(handler, { a: 1 })).toMatchObject({ _tag: "Success", success: [1, "context"] })
  })

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw sad
      }
    ],
    ["rejects", () => Promise.reject(sad)],
    ["fails", () => Effect.fail(sad)],
    [
      "fails in a generator",
      function* () {
        yield* sad
      }
    ]
  ])("that %s fails with that very error", async (_, handler) => {
    const result: any = await run(handler)
    expect(result.failure).toBe(sad)
  })

  it.each([undefined, null, 0, "", false, [], {}])("may return %j", async (value) => {
    expect(await run(() => value)).toMatchObject({ _tag: "Success", success: value })
  })

  it("is called anew each time its Effect runs, and not before", async () => {
    let calls = 0
    const effect = invoker(
      () => ++calls,
      undefined,
      "tool"
    )({}).pipe(
      Effect.provideService(HandlerContexts, {
        make: () => undefined,
        ofHook: () => undefined,
        interrupted: () => Effect.void
      })
    )
    expect(calls).toBe(0)
    expect([await promised(effect), await promised(effect)]).toEqual([1, 2])
  })

  it("without a context, such as a completion, takes the same forms", async () => {
    const complete = invokerOf((prefix: string, others: object) => Promise.resolve([prefix, others]))
    expect(await promised(complete("a", { b: "c" }))).toEqual(["a", { b: "c" }])
    expect(await promised(Effect.flip(invokerOf(() => Promise.reject(sad))()))).toBe(sad)
  })

  it.each(["signal", "defer", "run", "progress", "log"])("keeps its own %s: no service may be called that", (name) => {
    class Db extends Context.Service<Db, {}>()("spec/Db") {}
    expect(() => tool({ name: "t", uses: { [name]: Db } }, () => 1)).toThrow(
      `tool "t": uses.${name} would hide the handler's own ${name}; choose another name.`
    )
  })
})
