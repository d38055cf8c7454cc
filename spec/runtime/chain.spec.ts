import {
  Effect,
  Layer,
  middleware,
  PublicError,
  prompt,
  provides,
  Resource,
  resource,
  result,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { A, B } from "../kit/services.ts"
import { connectWire } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

const double = tool({ name: "double", input: { n: v.number() } }, ({ n }) => n * 2)
const user = resource({ uri: "user://{id}" }, ({ id }) => `user ${id}`)
const greet = prompt({ name: "greet", args: { who: v.string() } }, ({ who }) => `Hello ${who}`)

/** Writes down what it is called with, before and after. */
const noted = (seen: Array<string>, name: string) =>
  middleware({
    callTool: (next, call) => {
      seen.push(`${name} > ${call.name}`)
      return Effect.tap(next(call), () => Effect.sync(() => seen.push(`${name} < ${call.name}`)))
    },
    readResource: (next, call) => {
      seen.push(`${name} > ${call.uri}`)
      return next(call)
    },
    getPrompt: (next, call) => {
      seen.push(`${name} > ${call.name}`)
      return next(call)
    }
  })

describe("middleware", () => {
  it("used first stands outside that used later, whatever their places among tools", async () => {
    const seen: Array<string> = []
    const s = server(info("s")).use(noted(seen, "1")).tool(double).use(noted(seen, "2")).use(noted(seen, "3"))
    await using wire = await connectWire(s)
    await wire.call("double", { n: 1 })
    expect(seen).toEqual(["1 > double", "2 > double", "3 > double", "3 < double", "2 < double", "1 < double"])
  })

  it("of a parent stands outside its child's, and each sees its own server's names", async () => {
    const seen: Array<string> = []
    const leaf = server(info("leaf")).add(double, user, greet).use(noted(seen, "leaf"))
    const middle = server(info("middle")).mount("l", leaf).use(noted(seen, "middle"))
    await using wire = await connectWire(server(info("root")).mount("m", middle).use(noted(seen, "root")))
    await wire.call("m_l_double", { n: 1 })
    expect(seen.splice(0, 3)).toEqual(["root > m_l_double", "middle > l_double", "leaf > double"])
    seen.length = 0
    const read = await wire.request("resources/read", { uri: "user://m/l/42" })
    expect(read.result.contents).toEqual([{ uri: "user://m/l/42", mimeType: "text/plain", text: "user 42" }])
    expect(seen).toEqual(["root > user://m/l/42", "middle > user://l/42", "leaf > user://42"])
    seen.length = 0
    await wire.request("prompts/get", { name: "m_l_greet", arguments: { who: "Ada" } })
    expect(seen).toEqual(["root > m_l_greet", "middle > l_greet", "leaf > greet"])
  })

  it("of one child does not stand around its siblings or its parent", async () => {
    const seen: Array<string> = []
    const child = server(info("child")).tool(double)
    const s = server(info("s"))
      .tool(double)
      .mount("a", child.use(noted(seen, "a")))
      .mount("b", child)
    await using wire = await connectWire(s)
    await wire.call("double", { n: 1 })
    await wire.call("b_double", { n: 1 })
    expect(seen).toEqual([])
  })

  it("may change arguments, which are validated after it", async () => {
    const fix = middleware({ callTool: (next, call) => next({ ...call, args: { n: Number(call.args["n"]) } }) })
    const spoil = middleware({ callTool: (next, call) => next({ ...call, args: { n: "three" } }) })
    await using fixed = await connectWire(server(info("s")).tool(double).use(fix))
    expect(await fixed.text("double", { n: "4" })).toBe("8")
    await using spoiled = await connectWire(server(info("s")).tool(double).use(spoil))
    expect(await spoiled.call("double", { n: 4 })).toMatchObject({
      isError: true,
      content: [{ text: 'Invalid arguments for tool "double":\n- n: expected number, received "three"' }]
    })
  })

  it("may change results, and answer instead of the handler", async () => {
    let ran = 0
    const counted = tool({ name: "counted" }, () => ++ran)
    const mark = middleware({
      *callTool(next, call) {
        const { content } = yield* next(call)
        return result({ content: [`marked ${(content[0] as { text?: string }).text}`] })
      }
    })
    const instead = middleware({ callTool: () => Effect.succeed(result({ content: "instead" })) })
    await using marked = await connectWire(server(info("s")).tool(double).use(mark))
    expect(await marked.text("double", { n: 2 })).toBe("marked 4")
    await using replaced = await connectWire(server(info("s")).tool(counted).use(mark).use(instead))
    expect(await replaced.text("counted")).toBe("marked instead")
    expect(ran).toBe(0)
  })

  it("may change the URI, variables and contents of resources, and the arguments and messages of prompts", async () => {
    const hooks = middleware({
      *readResource(next, read) {
        const { contents } = yield* next({ ...read, uri: read.uri.toLowerCase() })
        return { contents: contents.map((item) => ({ ...item, _meta: { seen: true } })) }
      },
      getPrompt: (next, get) => next({ ...get, args: { ...get.args, who: get.args["who"]!.toUpperCase() } })
    })
    await using wire = await connectWire(server(info("s")).add(user, greet).use(hooks))
    const read = await wire.request("resources/read", { uri: "user://ADA" })
    expect(read.result.contents).toMatchObject([{ text: "user ada", _meta: { seen: true } }])
    const got = await wire.request("prompts/get", { name: "greet", arguments: { who: "ada" } })
    expect(got.result.messages).toEqual([{ role: "user", content: { type: "text", text: "Hello ADA" } }])
  })

  it("blocks a call with an error that is shown: in a tool's result, or as the error of anything else", async () => {
    const block = middleware({
      callTool: () => Effect.fail(new ToolError("not today")),
      readResource: () => Effect.fail(new PublicError("not here", { code: 403, data: { why: "closed" } })),
      *getPrompt() {
        return yield* Effect.fail(new PublicError("not like this"))
      }
    })
    await using wire = await connectWire(server(info("s")).add(double, user, greet).use(block))
    expect(await wire.call("double", { n: 1 })).toMatchObject({ isError: true, content: [{ text: "not today" }] })
    expect((await wire.request("resources/read", { uri: "user://1" })).error).toEqual({
      code: 403,
      message: "not here",
      data: { why: "closed" }
    })
    expect((await wire.request("prompts/get", { name: "greet", arguments: { who: "a" } })).error).toEqual({
      code: -32603,
      message: "not like this"
    })
    expect(log).not.toHaveBeenCalled()
  })

  it.each<[string, () => any]>([
    [
      "throws",
      () => {
        throw new Error("secret")
      }
    ],
    ["fails", () => Effect.fail(new Error("secret"))],
    ["dies", () => Effect.die("secret")],
    ["returns undefined", () => undefined],
    ["returns a promise", async () => ({ content: [] })],
    ["succeeds with undefined", () => Effect.void],
    ["succeeds with what is no result", () => Effect.succeed({ secret: true })],
    ["yields nothing and returns undefined", function* () {}]
  ])("that %s is a masked failure, and the next call is served", async (_, hook) => {
    let bad = true
    const once = (next: any, call: any) => (bad ? hook() : next(call))
    const hooks = { callTool: once, readResource: once, getPrompt: once, complete: once }
    const style = prompt({ name: "style", args: { s: v.string() }, complete: { s: () => ["x"] } }, () => "x")
    await using wire = await connectWire(
      server(info("s"))
        .add(double, user, greet, style)
        .use(middleware(hooks as never))
    )
    const masked = expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/)
    const asked = { ref: { type: "ref/prompt", name: "style" }, argument: { name: "s", value: "" } }
    expect(await wire.call("double", { n: 1 })).toMatchObject({ isError: true, content: [{ text: masked }] })
    for (const [method, params] of [
      ["resources/read", { uri: "user://1" }],
      ["prompts/get", { name: "greet", arguments: { who: "a" } }],
      ["completion/complete", asked]
    ] as const) {
      expect((await wire.request(method, params)).error).toEqual({ code: -32603, message: masked })
    }
    expect(log).toHaveBeenCalledTimes(4)
    bad = false
    expect(await wire.text("double", { n: 1 })).toBe("2")
  })

  it("that succeeds with undefined later on is answered like one that does at once", async () => {
    const late = middleware({ callTool: () => Effect.promise(async () => undefined) as never })
    await using wire = await connectWire(server(info("s")).tool(double).use(late))
    void wire.request("tools/call", { name: "double", arguments: { n: 1 } })
    // the hook settles in a microtask: by the next turn of the loop its call is answered, or never will be
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(wire.received).toMatchObject([{ id: 1, result: { isError: true } }])
  })

  it("that does nothing, ten times over, leaves every answer as it was", async () => {
    const idle = middleware({
      request: (next) => next,
      callTool: (next, call) => next(call),
      readResource: (next, call) => next(call),
      getPrompt: (next, call) => next(call),
      complete: (next, call) => next(call),
      listTools: (next, call) => next(call),
      listResources: (next, call) => next(call),
      listResourceTemplates: (next, call) => next(call),
      listPrompts: (next, call) => next(call)
    })
    const link = tool({ name: "link" }, () => result({ content: "x", structured: { a: 1 }, meta: { b: 2 } }))
    const config = resource({ uri: "config://app" }, () => Resource.json({ deep: [1] }))
    const child = server(info("child")).add(double, user, greet, config, link)
    const plain = server({ ...info("s"), pageSize: 2 })
      .add(double, user, greet, config, link)
      .mount("x", child)
    const stacked = Array.from({ length: 10 }).reduce<typeof plain>((s) => s.use(idle), plain)
    await using first = await connectWire(plain)
    await using second = await connectWire(stacked)
    const requests: ReadonlyArray<readonly [string, object?]> = [
      ["tools/list"],
      ["resources/list"],
      ["resources/templates/list"],
      ["prompts/list"],
      ["server/discover"],
      ["tools/call", { name: "x_double", arguments: { n: 2 } }],
      ["tools/call", { name: "double", arguments: { n: "2" } }],
      ["tools/call", { name: "link" }],
      ["resources/read", { uri: "config://x/app" }],
      ["resources/read", { uri: "user://7" }],
      ["prompts/get", { name: "x_greet", arguments: { who: "Ada" } }],
      ["prompts/get", { name: "greet" }],
      ["nothing/here"]
    ]
    for (const [method, params] of requests) {
      expect(await second.request(method, params)).toEqual(await first.request(method, params))
    }
  })
})

describe("provides", () => {
  const said = tool({ name: "said", uses: { a: A } }, (_, { a }) => a.value)

  it("gives a service to tools, resources, prompts and completions, made anew for each call", async () => {
    let made = 0
    const s = server(info("s"))
      .use(provides(A, () => ({ value: `made ${++made}` })))
      .tool(said)
      .resource(resource({ uri: "a://b", uses: { a: A } }, (_, { a }) => a.value))
      .prompt(
        prompt(
          { name: "p", args: { x: v.string() }, complete: { x: () => Effect.map(A, ({ value }) => [value]) } },
          () => Effect.map(A, ({ value }) => value)
        )
      )
    await using wire = await connectWire(s)
    expect(await wire.text("said")).toBe("made 1")
    expect((await wire.request("resources/read", { uri: "a://b" })).result.contents[0].text).toBe("made 2")
    expect(
      (await wire.request("prompts/get", { name: "p", arguments: { x: "" } })).result.messages[0].content.text
    ).toBe("made 3")
    const asked = { ref: { type: "ref/prompt", name: "p" }, argument: { name: "x", value: "" } }
    expect((await wire.request("completion/complete", asked)).result.completion.values).toEqual(["made 4"])
  })

  it("may need a layer of its own server, and wins over a layer of it", async () => {
    const child = server(info("child"))
      .tool(said)
      .use(
        provides(
          A,
          Effect.map(B, ({ value }) => ({ value: `from ${value}` }))
        )
      )
      .provide(Layer.succeed(B, { value: "child's layer" }))
      .provide(Layer.succeed(A, { value: "a layer" }))
    const root = server(info("root"))
      .mount("c", child)
      .provide(Layer.succeed(B, { value: "root's layer" }))
    await using wire = await connectWire(root)
    expect(await wire.text("c_said")).toBe("from child's layer")
  })

  it("used later may need what one used before gives, and sees the call", async () => {
    const s = server(info("s"))
      .use(provides(B, (call) => ({ value: "name" in call ? call.name : "?" })))
      .use(
        provides(
          A,
          Effect.map(B, ({ value }) => ({ value: `a of ${value}` }))
        )
      )
      .tool(said)
    await using wire = await connectWire(s)
    expect(await wire.text("said")).toBe("a of said")
  })

  it("of a parent reaches into its mounts, unless a layer there is nearer", async () => {
    const child = server(info("child")).tool(said)
    const root = server(info("root"))
      .use(provides(A, () => ({ value: "parent's" })))
      .mount("far", child)
      .mount("near", child.provide(Layer.succeed(A, { value: "near" })))
    await using wire = await connectWire(root)
    expect([await wire.text("far_said"), await wire.text("near_said")]).toEqual(["parent's", "near"])
  })

  it("that fails blocks the call with its error", async () => {
    await using wire = await connectWire(
      server(info("s"))
        .tool(said)
        .use(provides(A, () => Effect.fail(new ToolError("no user"))))
    )
    expect(await wire.call("said")).toMatchObject({ isError: true, content: [{ text: "no user" }] })
  })
})

describe("the hooks of a server", () => {
  const whose = (seen: Array<string>) =>
    middleware({
      *callTool(next, call) {
        seen.push((yield* A).value)
        return yield* next(call)
      }
    })
  const idle = middleware((next) => next)

  it.each<[string, ReadonlyArray<typeof idle>]>([
    ["none", []],
    ["a request hook", [idle]]
  ])("run in its own context, where its mount has its own layers and %s", async (_, extra) => {
    const seen: Array<string> = []
    const child = extra
      .reduce((s, m) => s.use(m), server(info("child")).tool(double))
      .use(whose(seen))
      .provide(Layer.succeed(A, { value: "child" }))
    const root = server(info("root"))
      .use(whose(seen))
      .mount("c", child)
      .provide(Layer.succeed(A, { value: "root" }))
    await using wire = await connectWire(root)
    await wire.call("c_double", { n: 1 })
    expect(seen).toEqual(["root", "child"])
  })
})
