import * as fc from "fast-check"
import { Effect, type HookContext, middleware, server, ToolError, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { info, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

/** What a hook does, written down as `name told >` on the way in and `name told <` where what is inside has succeeded. */
const doings = {
  "goes on": (note: Note, go: () => Inside) => {
    note(">")
    return go()
  },
  "goes on later": (note: Note, go: () => Inside) =>
    Effect.suspend(() => {
      note(">")
      return go()
    }),
  taps: (note: Note, go: () => Inside) => {
    note(">")
    return Effect.tap(go(), () => Effect.sync(() => note("<")))
  },
  *yields(note: Note, go: () => Inside) {
    note(">")
    const given = yield* go()
    note("<")
    return given
  },
  async awaits(note: Note, go: () => Inside, run: Run) {
    note(">")
    const given = await run(go())
    note("<")
    return given
  },
  *tries(note: Note, go: () => Inside) {
    note(">")
    yield* go()
    note("again")
    return yield* go()
  },
  refuses: (note: Note, _go: () => Inside) => {
    note(">")
    return Effect.fail(new ToolError("refused"))
  }
} satisfies Record<string, (note: Note, go: () => Inside, run: Run) => unknown>

type Note = (what: string) => void
type Inside = Effect.Effect<never, any>
type Run = HookContext["run"]
type Doing = keyof typeof doings

/** A hook and its name; those of one middleware have the same number. */
interface Planned {
  readonly hook: "request" | "callTool"
  readonly doing: Doing
  readonly as: string
  readonly told: string
}

interface Level {
  readonly told: string
  readonly middleware: ReadonlyArray<{ readonly request: Doing | undefined; readonly callTool: Doing | undefined }>
}

const plannedOf = (levels: ReadonlyArray<Level>): ReadonlyArray<Planned> =>
  (["request", "callTool"] as const).flatMap((hook) =>
    levels.flatMap(({ told, middleware }) =>
      middleware.flatMap((one, index) => {
        const doing = one[hook]
        return doing === undefined ? [] : [{ hook, doing, as: `${told} ${index} ${hook}`, told }]
      })
    )
  )

/** The middleware of a level, each hook as planned. */
const made = (log: Array<string>, { told, middleware: planned }: Level) =>
  planned.map(({ request, callTool }, index) => {
    const doing = (hook: string, does: Doing, name: string | undefined, go: () => Inside, run?: Run): any =>
      doings[does]((what) => log.push(`${told} ${index} ${hook} ${name} ${what}`), go, run!)
    const around = (does: Doing) => (next: any, call: any) => doing("callTool", does, call.name, () => next(call))
    const aroundAll = (does: Doing) => (next: any, call: any) => doing("request", does, call.name, () => next)
    // only a hook that declares its third parameter gets one
    const awaiting = (next: any, call: any, { run }: HookContext) =>
      doing("callTool", "awaits", call.name, () => next(call), run)
    const awaitingAll = (next: any, call: any, { run }: HookContext) =>
      doing("request", "awaits", call.name, () => next, run)
    return middleware({
      request: request && (request === "awaits" ? awaitingAll : aroundAll(request)),
      callTool: callTool && (callTool === "awaits" ? awaiting : around(callTool))
    })
  })

/** What is written down, and whether it succeeds, if each hook runs just around what is inside of it. */
const expected = (hooks: ReadonlyArray<Planned>, at = 0): { readonly log: ReadonlyArray<string>; ok: boolean } => {
  const hook = hooks[at]
  if (hook === undefined) return { log: ["handler"], ok: true }
  const note = (what: string) => `${hook.as} ${hook.told} ${what}`
  if (hook.doing === "refuses") return { log: [note(">")], ok: false }
  const inside = expected(hooks, at + 1)
  // what fails inside of a call is an outcome to the hooks around the request
  const goesOn = inside.ok || (hook.hook === "request" && failsInside(hooks))
  const after = !goesOn ? [] : hook.doing === "tries" ? [note("again"), ...inside.log] : hasEnd(hook) ? [note("<")] : []
  return { log: [note(">"), ...inside.log, ...after], ok: inside.ok }
}

const hasEnd = ({ doing }: Planned): boolean => doing === "taps" || doing === "yields" || doing === "awaits"

/** Whether it is a hook around the call that refuses, if one does. */
const failsInside = (hooks: ReadonlyArray<Planned>): boolean =>
  hooks.find(({ doing }) => doing === "refuses")?.hook === "callTool"

const doing = fc.option(fc.constantFrom(...(Object.keys(doings) as Array<Doing>)), { nil: undefined })
const level = (told: string): fc.Arbitrary<Level> =>
  fc.record({
    told: fc.constant(told),
    middleware: fc.array(fc.record({ request: doing, callTool: doing }), { maxLength: 4 })
  })

describe.each(spoken)("hooks on %s", (speak) => {
  it("run each around what is inside of it, whatever they do, in the order written, parent outside child", async () => {
    await fc.assert(
      fc.asyncProperty(level("child_t"), level("t"), async (outer, inner) => {
        const log: Array<string> = []
        const handler = tool({ name: "t" }, () => {
          log.push("handler")
          return "done"
        })
        const child = made(log, inner).reduce((made, one) => made.use(one), server(info("child")).tool(handler))
        const root = made(log, outer).reduce((made, one) => made.use(one), server(info("root")).mount("child", child))
        await using wire = await connectWire(root, { speak })
        log.length = 0
        const { content, isError } = await wire.call("child_t")
        const { log: wanted, ok } = expected(plannedOf([outer, inner]))
        expect(log).toEqual(wanted)
        expect([content[0].text, isError ?? false]).toEqual(ok ? ["done", false] : ["refused", true])
      })
    )
  })
})
