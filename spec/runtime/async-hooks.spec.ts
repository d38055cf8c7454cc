import {
  Context,
  Effect,
  Elicitation,
  Layer,
  middleware,
  Prompt,
  prompt,
  resource,
  result,
  server,
  ToolError,
  tool,
  use
} from "mcpipe"
import { timeout } from "mcpipe/middleware"
import * as v from "valibot"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { answered, cancel, until } from "../kit/probes.ts"
import { info, spoken } from "../kit/served.ts"
import { connectWire, gate, type WireOptions } from "../kit/wire.ts"

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})
afterEach(() => void vi.restoreAllMocks())

const capabilities = { elicitation: { form: {} } }
const say = tool({ name: "say", input: { text: v.string() } }, ({ text }) => text)
const call = (name: string, args: object = {}) => ["tools/call", { name, arguments: args }] as const

/** Hangs until it is interrupted, and says so. */
const hanging = (begins: { readonly open: () => void }, heard: Array<string>) =>
  tool({ name: "hang" }, () => {
    begins.open()
    return Effect.onInterrupt(Effect.never, () => Effect.sync(() => void heard.push("handler interrupted")))
  })

describe.each(spoken)("on %s, an async hook", (speak) => {
  const connected = (served: any, options: WireOptions = {}) => connectWire(served, { speak, capabilities, ...options })

  it("sees and changes what goes in and comes out, by each method", async () => {
    const seen: Array<string> = []
    const hooks = middleware({
      async request(next, { method, name }, { run }) {
        const { outcome } = await run(next)
        seen.push(`${method} ${name ?? ""} ${outcome}`.replace("  ", " "))
        return await run(next)
      },
      async callTool(next, call, { run }) {
        const { content } = await run(next({ ...call, args: { text: `<${call.args["text"]}>` } }))
        return result({ content: [...content, "after"] })
      },
      async readResource(next, read, { run }) {
        const { contents } = await run(next(read))
        return { contents: [...contents, ...contents] }
      },
      async getPrompt(next, get, { run }) {
        const { messages } = await run(next(get))
        return Prompt.result({ messages: messages.slice(0, 1) })
      },
      async listTools(next, list, { run }) {
        return (await run(next(list))).map((one) => ({ ...one, description: "listed" }))
      }
    })
    const served = server(info("s"))
      .add(
        say,
        resource({ uri: "x://a" }, () => "a"),
        prompt({ name: "p" }, () => "p")
      )
      .use(hooks)
    await using wire = await connected(served)
    seen.length = 0
    expect(await wire.text("say", { text: "x" })).toBe("<x>\nafter")
    expect((await wire.request("resources/read", { uri: "x://a" })).result.contents).toHaveLength(2)
    expect((await wire.request("prompts/get", { name: "p" })).result.messages).toHaveLength(1)
    expect((await wire.request("tools/list")).result.tools[0].description).toBe("listed")
    expect(seen).toEqual([
      "tools/call say complete",
      "resources/read x://a complete",
      "prompts/get p complete",
      "tools/list complete"
    ])
  })

  it("asks as its handler does, over any number of rounds, and sees each of them around the request", async () => {
    const seen: Array<string> = []
    const ask = tool({ name: "ask" }, function* () {
      return `handler ${yield* Elicitation.confirm("Handler?")}`
    })
    const hooks = middleware({
      async request(next, { round }, { run }) {
        const outcome = await run(next)
        seen.push(`${round} ${outcome.outcome}`)
        return outcome
      },
      async callTool(next, call, { run, elicit, step }) {
        const first = await elicit.confirm("Hook?")
        const once = await step("once", () => seen.push("step"))
        const { content } = await run(next(call))
        return result({ content: [`hook ${first} ${typeof once}`, ...content] })
      }
    })
    await using wire = await connected(server(info("s")).tool(ask).use(hooks))
    seen.length = 0
    const { content } = await answered(wire, call("ask"))
    expect(content.map(({ text }: any) => text)).toEqual(["hook true number", "handler true"])
    expect(seen).toEqual(
      speak === "sessionless" ? ["0 paused", "step", "1 paused", "2 complete"] : ["step", "0 complete"]
    )
  })

  it.each(["request", "callTool"])(
    "around %s ends with its call: the handler first, then what it has deferred",
    async (at) => {
      const heard: Array<string> = []
      const begins = gate()
      const hook = async (next: any, call: any, { run, signal, defer }: any) => {
        signal.addEventListener("abort", () => heard.push("hook aborted"))
        defer(() => void heard.push("hook cleaned up"))
        return await run(at === "request" ? next : next(call))
      }
      await using wire = await connected(
        server(info("s"))
          .tool(hanging(begins, heard))
          .use(middleware({ [at]: hook } as {}))
      )
      heard.length = 0
      void wire.request(...call("hang"))
      await begins.opened
      heard.length = 0
      cancel(wire)
      await until(() => heard.includes("hook cleaned up"))
      expect(heard).toEqual(["hook aborted", "handler interrupted", "hook cleaned up"])
    }
  )

  it("that is given up before its call ends has what it runs interrupted", async () => {
    const heard: Array<string> = []
    const waits = middleware({ callTool: async (next, call, { run }) => await run(next(call)) })
    const late = timeout({ millis: 1 })
    // the end of the call would interrupt it anyway
    const note = () => Effect.sync(() => void heard.push("given up"))
    const outside = middleware({ callTool: (next, call) => Effect.onExit(next(call), note) })
    await using wire = await connected(server(info("s")).use(outside).use(late).use(waits).tool(hanging(gate(), heard)))
    expect(await wire.text("hang")).toBe('Tool "hang" timed out after 1 ms.')
    expect(heard).toEqual(["handler interrupted", "given up"])
  })

  it("refuses by throwing, and hears of what failed further in", async () => {
    const bad = tool({ name: "bad" }, () => Effect.fail(new ToolError("too bad")))
    const worse = tool({ name: "worse" }, () => Effect.fail(new ToolError("much worse")))
    const hooks = middleware({
      async callTool(next, call, { run }) {
        if (call.name === "say") throw new ToolError("say nothing")
        try {
          return await run(next(call))
        } catch (error) {
          if (!(error instanceof ToolError) || call.name === "worse") throw error
          return result({ content: `saved from ${error.message}` })
        }
      }
    })
    await using wire = await connected(server(info("s")).add(say, bad, worse).use(hooks))
    expect(await wire.call("say", { text: "x" })).toMatchObject({ isError: true, content: [{ text: "say nothing" }] })
    expect(await wire.text("bad")).toBe("saved from too bad")
    expect(await wire.call("worse")).toMatchObject({ isError: true, content: [{ text: "much worse" }] })
  })

  it.each<[string, (...all: Array<any>) => unknown, string]>([
    ["throws what is not for clients", async () => Promise.reject(new Error("secret")), "secret"],
    [
      "gives the Effect of next",
      async (next, call) => next(call),
      "The middleware hook callTool gives an Effect out of an async function, which nobody runs: give what `await run(…)` makes of it, with `run` from the hook's third parameter."
    ],
    [
      "gives nothing",
      async () => undefined,
      "The middleware hook callTool must return what `next` gave it, or a result made by result(…)."
    ]
  ])("that %s is masked, and logged whole", async (_, hook, logged) => {
    await using wire = await connected(
      server(info("s"))
        .tool(say)
        .use(middleware({ callTool: hook } as {}))
    )
    expect(await wire.text("say", { text: "x" })).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    expect(log.mock.calls.flat().join(" ")).toContain(logged)
  })

  it("of a mounted server, and of a single tool, has what it runs find the services of its own server", async () => {
    class Whose extends Context.Service<Whose, string>()("spec/Whose") {}
    const seen: Array<string> = []
    const passes = (name: string) =>
      middleware({
        request: async (next, info, { run }) => {
          seen.push(`${name} ${info.name}`)
          return await run(next)
        },
        callTool: async (next, call, { run }) => {
          seen.push(`${name} calls ${call.name}`)
          return await run(next(call))
        }
      })
    const whose = tool({ name: "whose" }, function* () {
      return yield* Whose
    }).pipe(use(passes("tool")))
    const child = server(info("child")).tool(whose).use(passes("child")).provide(Layer.succeed(Whose, "child's"))
    const root = server(info("root")).mount("c", child).use(passes("root")).provide(Layer.succeed(Whose, "root's"))
    await using wire = await connected(root)
    seen.length = 0
    expect(await wire.text("c_whose")).toBe("child's")
    expect(seen).toEqual([
      "root c_whose",
      "child whose",
      "tool whose",
      "root calls c_whose",
      "child calls whose",
      "tool calls whose"
    ])
  })
})

it("an async hook on notifications passes them on, or keeps them to itself", async () => {
  const seen: Array<string> = []
  const keep = middleware({
    async notification(next, notification, { run }) {
      seen.push(notification.method)
      if (notification.method !== "notifications/cancelled") await run(next(notification))
    }
  })
  const begins = gate()
  const heard: Array<string> = []
  await using wire = await connectWire(server(info("s")).tool(hanging(begins, heard)).use(keep), {
    speak: "2025-11-25"
  })
  void wire.request(...call("hang"))
  await begins.opened
  cancel(wire)
  wire.notify("notifications/roots/list_changed")
  await until(() => seen.length === 3)
  expect(seen).toEqual(["notifications/initialized", "notifications/cancelled", "notifications/roots/list_changed"])
  expect(heard).toEqual([])
})
