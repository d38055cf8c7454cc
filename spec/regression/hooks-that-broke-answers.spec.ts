import { Effect, middleware, prompt, resource, result, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"
import { listen, post, requestOf } from "./over-http.ts"

const info = { name: "s", version: "1" }

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})
const logged = () => log.mock.calls.flat().map(String).join("\n")

describe("a complete hook that adds 300 values", () => {
  const greet = prompt(
    { name: "greet", args: { who: v.string() }, complete: { who: () => ["Ada"] } },
    ({ who }) => `Hello ${who}`
  )
  const more = Array.from({ length: 300 }, (_, index) => `name ${index}`)
  const main = server(info)
    .prompt(greet)
    .use(
      middleware({
        complete: (next, asked) =>
          Effect.map(next(asked), (given) => ({ ...given, values: [...given.values, ...more] }))
      })
    )

  it.each(["sessionless", "2025-11-25"] as const)(
    "sends 100 of them and says that there are more (%s)",
    async (speak) => {
      await using wire = await connectWire(main, { speak })
      const params = { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "who", value: "" } }
      const { completion } = (await wire.request("completion/complete", params)).result
      expect(completion.values).toStrictEqual(["Ada", ...more.slice(0, 99)])
      expect(completion.total).toBeGreaterThanOrEqual(300)
      expect(completion.hasMore).toBe(true)
    }
  )
})

describe("the signal of an async handler", () => {
  it("is aborted when a hook times the handler out and answers in its place", async () => {
    const signals: Array<AbortSignal> = []
    const slow = tool({ name: "slow" }, async (_, { signal }) => {
      signals.push(signal)
      await new Promise(() => {})
    })
    const impatient = middleware({
      callTool: (next, call) =>
        next(call).pipe(
          Effect.timeout("1 millis"),
          Effect.catch(() => Effect.succeed(result({ content: "too slow" })))
        )
    })
    await using wire = await connectWire(server(info).tool(slow).use(impatient))
    expect(await wire.text("slow")).toBe("too slow")
    expect(signals.map(({ aborted }) => aborted)).toStrictEqual([true])
  })

  it("is not aborted in the run that succeeds after a request hook has tried again", async () => {
    const signals: Array<AbortSignal> = []
    const flaky = tool({ name: "flaky" }, async (_, { signal }) => {
      signals.push(signal)
      if (signals.length === 1) throw new ToolError("try again")
      return "second time lucky"
    })
    const again = middleware({
      request: (next) =>
        Effect.flatMap(next, (outcome) => (outcome.outcome === "error" ? next : Effect.succeed(outcome)))
    })
    await using wire = await connectWire(server(info).tool(flaky).use(again))
    expect(await wire.text("flaky")).toBe("second time lucky")
    expect(signals).toHaveLength(2)
    expect(signals[1]!.aborted).toBe(false)
  })

  it("is aborted when all tries have failed", async () => {
    const signals: Array<AbortSignal> = []
    const broken = tool({ name: "broken" }, async (_, { signal }) => {
      signals.push(signal)
      throw new ToolError("no")
    })
    const again = middleware({
      request: (next) =>
        Effect.flatMap(next, (outcome) => (outcome.outcome === "error" ? next : Effect.succeed(outcome)))
    })
    await using wire = await connectWire(server(info).tool(broken).use(again))
    expect(await wire.text("broken")).toBe("no")
    expect(signals.map(({ aborted }) => aborted)).toStrictEqual([true, true])
  })
})

describe("a hook whose result no client could read", () => {
  const page = resource({ uri: "doc://page", name: "page" }, () => "text")
  const greet = prompt({ name: "greet" }, () => "Hello")
  const withReads = (contents: unknown) =>
    server(info)
      .resource(page)
      .use(middleware({ readResource: () => Effect.succeed({ contents } as any) }))
  const withPrompts = (messages: unknown) =>
    server(info)
      .prompt(greet)
      .use(middleware({ getPrompt: () => Effect.succeed({ messages } as any) }))

  const rows = [
    ["readResource: no text", withReads([{ uri: "doc://page" }]), "resources/read", { uri: "doc://page" }],
    ["readResource: no uri", withReads([{ text: "x" }]), "resources/read", { uri: "doc://page" }],
    ["readResource: a number", withReads([{ uri: "doc://page", text: 1 }]), "resources/read", { uri: "doc://page" }],
    ["getPrompt: no content", withPrompts([{ role: "user" }]), "prompts/get", { name: "greet" }],
    ["getPrompt: a bare string", withPrompts([{ role: "user", content: "x" }]), "prompts/get", { name: "greet" }],
    ["getPrompt: no role", withPrompts([{ content: { type: "text", text: "x" } }]), "prompts/get", { name: "greet" }]
  ] as const

  it.each(rows)("%s: is masked, and the log says what to return", async (title, main, method, params) => {
    const hook = title.slice(0, title.indexOf(":"))
    const masked = {
      error: { code: -32603, message: expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/) }
    }
    for (const speak of ["sessionless", "2025-11-25"] as const) {
      await using wire = await connectWire(main, { speak })
      const answer = await wire.request(method, params)
      expect(answer).toMatchObject(masked)
      expect(answer).not.toHaveProperty("result")
    }
    await using serving = await listen(main)
    const { message } = await post(serving.url, requestOf("2026-07-28", method, params))
    expect(message).toMatchObject(masked)
    expect(logged()).toContain(`The middleware hook ${hook} must return {`)
  })
})
