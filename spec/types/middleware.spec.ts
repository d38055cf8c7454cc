import {
  type Completion,
  Effect,
  type HookContext,
  type ListCall,
  type ListedTool,
  type Middleware,
  middleware,
  type Outcome,
  Principal,
  type PromptGet,
  provides,
  RequestContext,
  type RequestInfo,
  type ResourceRead,
  type ToolCall,
  type ToolResult
} from "mcpipe"
import { describe, expectTypeOf, it } from "vitest"
import type { ByLayer } from "../../lib/builder/server-types.ts"
import { Cache, Db, User } from "./services.ts"

describe("a hook", () => {
  it("knows what it is called with, as a function and as a generator", () => {
    middleware({
      callTool: (next, call) => {
        expectTypeOf(call).toEqualTypeOf<ToolCall>()
        expectTypeOf(next(call)).toEqualTypeOf<Effect.Effect<ToolResult, unknown>>()
        return next({ ...call, args: {} })
      },
      *readResource(next, call) {
        expectTypeOf(call).toEqualTypeOf<ResourceRead>()
        const { contents } = yield* next(call)
        return { contents: contents.slice(0, 1) }
      },
      getPrompt: function* (next, call) {
        expectTypeOf(call).toEqualTypeOf<PromptGet>()
        return yield* next(call)
      },
      complete: Effect.fnUntraced(function* (next, call) {
        expectTypeOf(call).toEqualTypeOf<Completion>()
        return yield* next(call)
      }),
      listTools: (next, call) => {
        expectTypeOf(call.method).toEqualTypeOf<string>()
        return Effect.map(next(call), (tools) => {
          expectTypeOf(tools).toEqualTypeOf<ReadonlyArray<ListedTool>>()
          return tools.filter(({ name }) => name !== "secret")
        })
      }
    })
  })

  it("that stands alone is a request hook, as a function, a generator or an Effect.fn", () => {
    middleware((next, request) => {
      expectTypeOf(next).toEqualTypeOf<Effect.Effect<Outcome, unknown>>()
      expectTypeOf(request).toEqualTypeOf<RequestInfo>()
      return next
    })
    middleware(function* (next, request) {
      expectTypeOf(request).toEqualTypeOf<RequestInfo>()
      return yield* next
    })
    middleware(
      Effect.fnUntraced(function* (next, request) {
        expectTypeOf(request).toEqualTypeOf<RequestInfo>()
        const outcome = yield* next
        expectTypeOf(outcome).toEqualTypeOf<Outcome>()
        return outcome
      })
    )
  })
})

describe("an async hook", () => {
  it("runs what is further in by its third parameter, which knows what a hook may do there", () => {
    middleware({
      async request(next, _, { run, signal, defer, ...none }) {
        expectTypeOf(none).toEqualTypeOf<{}>()
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        defer(() => {})
        const outcome = await run(next)
        expectTypeOf(outcome).toEqualTypeOf<Outcome>()
        return outcome
      },
      callTool: async (next, call, { run, elicit }) => {
        if (!(await elicit.confirm("Really?"))) throw new Error("no")
        const result = await run(next(call))
        expectTypeOf(result).toEqualTypeOf<ToolResult>()
        return result
      },
      listTools: async (next, call, context) => {
        expectTypeOf(context).toEqualTypeOf<HookContext>()
        return (await context.run(next(call))).filter(({ name }) => name !== "secret")
      }
    })
    expectTypeOf(middleware(async (next, _, { run }) => await run(next))).toEqualTypeOf<Middleware<never, never>>()
  })

  it("can run what the runtime supplies, and nothing that needs another service", () => {
    middleware(async (next, _, { run }) => {
      expectTypeOf(await run(Principal)).toEqualTypeOf<Principal["Service"]>()
      // @ts-expect-error Db is a service of the author's
      await run(Db)
      return await run(next)
    })
  })

  it("gives what next gave, and not its Effect", () => {
    // @ts-expect-error nobody would run it
    middleware({ callTool: async (next, call) => next(call) })
    // @ts-expect-error a tool's result is no string
    middleware({ callTool: async () => "text" })
  })
})

describe("needs", () => {
  it("are those of all hooks, without what the runtime supplies", () => {
    const made = middleware({
      *callTool(next, call) {
        yield* Cache
        yield* RequestContext
        return yield* next(call)
      },
      getPrompt: (next, call) => Effect.andThen(Principal, next(call)),
      listTools: (next, call) => Effect.andThen(User, next(call))
    })
    expectTypeOf(made).toEqualTypeOf<Middleware<never, Cache | User>>()
  })

  it("of request hooks are met by layers alone, since they stand outside of what gives services", () => {
    const alone = middleware((next) => Effect.andThen(Db, next))
    expectTypeOf(alone).toEqualTypeOf<Middleware<never, ByLayer<Db>>>()
    const among = middleware({
      *request(next) {
        yield* Db
        return yield* next
      },
      callTool: (next, call) => Effect.andThen(Cache, next(call))
    })
    expectTypeOf(among).toEqualTypeOf<Middleware<never, ByLayer<Db> | Cache>>()
  })

  it("are none for hooks that need nothing, and for no hooks", () => {
    expectTypeOf(middleware((next) => next)).toEqualTypeOf<Middleware<never, never>>()
    expectTypeOf(middleware({ callTool: (next, call) => next(call) })).toEqualTypeOf<Middleware<never, never>>()
    expectTypeOf(middleware({})).toEqualTypeOf<Middleware<never, never>>()
  })
})

describe("provides", () => {
  it("gives its service and needs what making it needs, whatever makes it", () => {
    expectTypeOf(provides(User, Effect.succeed({ id: "1" }))).toEqualTypeOf<Middleware<User, never>>()
    expectTypeOf(provides(User, Effect.as(Db, { id: "1" }))).toEqualTypeOf<Middleware<User, Db>>()
    expectTypeOf(provides(User, Principal)).toEqualTypeOf<Middleware<User, never>>()
    expectTypeOf(provides(User, () => ({ id: "1" }))).toEqualTypeOf<Middleware<User, never>>()
    expectTypeOf(provides(User, async () => ({ id: "1" }))).toEqualTypeOf<Middleware<User, never>>()
    expectTypeOf(provides(User, () => Effect.as(Db, { id: "1" }))).toEqualTypeOf<Middleware<User, Db>>()
    const generated = provides(User, function* (call) {
      expectTypeOf(call).toEqualTypeOf<ToolCall | ResourceRead | PromptGet | Completion | ListCall>()
      const cache = yield* Cache
      return { id: cache.get("me") ?? "nobody" }
    })
    expectTypeOf(generated).toEqualTypeOf<Middleware<User, Cache>>()
  })
})
