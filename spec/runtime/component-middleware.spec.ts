import {
  Context,
  Content,
  DefinitionError,
  Effect,
  Layer,
  middleware,
  prompt,
  provides,
  PublicError,
  resource,
  result,
  server,
  tool,
  use,
  visibleTo
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { info, read, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

class Whose extends Context.Service<Whose, string>()("spec/Whose") {}

const main = () => server(info("main"))

/** Writes down each passage, with the name it is told. */
const trace = (log: Array<string>, who: string) =>
  middleware({
    request: (next, { method, name }) => {
      log.push(`${who} ${method} ${name}`)
      return next
    },
    callTool: (next, call) => {
      log.push(`${who} call ${call.name}`)
      return next(call)
    },
    readResource: (next, call) => {
      log.push(`${who} read ${call.uri}`)
      return next(call)
    },
    getPrompt: (next, call) => {
      log.push(`${who} get ${call.name}`)
      return next(call)
    },
    complete: (next, call) => {
      log.push(`${who} complete ${call.argument}`)
      return next(call)
    },
    listTools: (next, call) => {
      log.push(`${who} list`)
      return next(call)
    }
  })

describe.each(spoken)("middleware of a single component on %s", (speak) => {
  it("is inside all of its servers', and the first used is outermost", async () => {
    const log: Array<string> = []
    const mine = tool({ name: "t" }, () => "t").pipe(use(trace(log, "one")), use(trace(log, "two")))
    const child = server(info("child"))
      .add(
        mine,
        tool({ name: "u" }, () => "u")
      )
      .use(trace(log, "child"))
    await using wire = await connectWire(main().mount("c", child).use(trace(log, "main")), { speak })
    log.length = 0
    await wire.call("c_t")
    expect(log).toEqual([
      "main tools/call c_t",
      "child tools/call t",
      "one tools/call t",
      "two tools/call t",
      "main call c_t",
      "child call t",
      "one call t",
      "two call t"
    ])
    log.length = 0
    await wire.call("c_u")
    await wire.request("tools/list")
    expect(log.filter((line) => /one|two/.test(line))).toEqual([])
  })

  it("keeps its order around visibleTo", async () => {
    const log: Array<string> = []
    const mine = tool({ name: "t" }, () => "t").pipe(
      use(trace(log, "one")),
      visibleTo(() => true),
      use(trace(log, "two")),
      visibleTo(() => true),
      use(trace(log, "three"))
    )
    await using wire = await connectWire(main().tool(mine), { speak })
    log.length = 0
    await wire.call("t")
    expect(log.filter((line) => line.includes("tools/call")).map((line) => line.split(" ")[0])).toEqual([
      "one",
      "two",
      "three"
    ])
    expect(log.filter((line) => line.includes(" call ")).map((line) => line.split(" ")[0])).toEqual([
      "one",
      "two",
      "three"
    ])
  })

  it("surrounds resources, templates, prompts and completions, by the names of its own server", async () => {
    const log: Array<string> = []
    const traced = use(trace(log, "mine"))
    const child = server(info("child")).add(
      resource({ uri: "x://r" }, () => "r").pipe(traced),
      resource({ uri: "x://d/{id}", complete: { id: () => ["1"] } }, ({ id }) => id).pipe(traced),
      prompt({ name: "p", args: { a: v.string() }, complete: { a: () => ["1"] } }, () => "p").pipe(traced)
    )
    const parent = main().mount("o", server(info("mid")).mount("c", child, { rename: { p: "q" } }))
    await using wire = await connectWire(parent, { speak })
    expect(await read(wire, "x://o/c/r")).toBe("r")
    expect(await read(wire, "x://o/c/d/7")).toBe("7")
    await wire.request("prompts/get", { name: "o_c_q", arguments: { a: "" } })
    for (const [ref, name] of [
      [{ type: "ref/prompt", name: "o_c_q" }, "a"],
      [{ type: "ref/resource", uri: "x://o/c/d/{id}" }, "id"]
    ] as const) {
      const answer = await wire.request("completion/complete", { ref, argument: { name, value: "" } })
      expect(answer.result.completion.values).toEqual(["1"])
    }
    expect(log).toEqual([
      "mine resources/read x://r",
      "mine read x://r",
      "mine resources/read x://d/7",
      "mine read x://d/7",
      "mine prompts/get p",
      "mine get p",
      "mine completion/complete p",
      "mine complete a",
      "mine completion/complete x://d/{id}",
      "mine complete id"
    ])
  })

  it("knows its component by its own name after renames and suffixes", async () => {
    const log: Array<string> = []
    const mine = tool({ name: "t" }, () => "t").pipe(use(trace(log, "mine")))
    const child = server(info("child")).tool(mine)
    const parent = main()
      .mount("c", child, { rename: { t: "u" } })
      .mount("c", child, { rename: { t: "u" }, collisions: "suffix" })
    await using wire = await connectWire(parent, { speak })
    await wire.call("c_u_2")
    expect(log).toEqual(["mine tools/call t", "mine call t"])
  })

  it("gives services, nearest first, and layers come last", async () => {
    const whose = tool({ name: "whose" }, function* () {
      return yield* Whose
    })
    const gives = (text: string) => provides(Whose, Effect.succeed(text))
    const ask = async (served: Parameters<typeof connectWire>[0], name: string) => {
      await using wire = await connectWire(served, { speak })
      return await wire.text(name)
    }
    expect(await ask(main().mount("c", server(info("x")).tool(whose).use(gives("child"))), "c_whose")).toBe("child")
    const mine = whose.pipe(use(gives("outer")), use(gives("mine")))
    expect(await ask(main().mount("c", server(info("x")).tool(mine).use(gives("child"))), "c_whose")).toBe("mine")
    expect(await ask(main().tool(mine).provide(Layer.succeed(Whose, "layer")), "whose")).toBe("mine")
  })

  it("sees what middleware outside of it gives", async () => {
    const named = middleware({
      *callTool(next, call) {
        const whose = yield* Whose
        return yield* next({ ...call, args: { by: whose } })
      }
    })
    const echo = tool({ name: "echo", input: { by: v.string() } }, ({ by }) => by).pipe(use(named))
    await using wire = await connectWire(
      main()
        .tool(echo)
        .use(provides(Whose, Effect.succeed("ann"))),
      { speak }
    )
    expect(await wire.text("echo")).toBe("ann")
    const inner = tool({ name: "echo", input: { by: v.string() } }, ({ by }) => by).pipe(
      use(provides(Whose, Effect.succeed("bob"))),
      use(named)
    )
    await using other = await connectWire(main().tool(inner), { speak })
    expect(await other.text("echo")).toBe("bob")
  })

  it("may change arguments and results, and refuse", async () => {
    const twice = middleware({
      *callTool(next, call) {
        const given = yield* next({ ...call, args: { n: 2 } })
        return result({ content: [...given.content, Content.text("and more")] as any })
      }
    })
    const closed = middleware({ request: () => Effect.fail(new PublicError("closed")) })
    const echo = (name: string) => tool({ name, input: { n: v.number() } }, ({ n }) => `${n}`)
    await using wire = await connectWire(main().add(echo("a").pipe(use(twice)), echo("b").pipe(use(closed))), { speak })
    expect(await wire.text("a", { n: 1 })).toBe("2\nand more")
    const refused = await wire.request("tools/call", { name: "b", arguments: { n: 1 } })
    expect(refused.error.message).toBe("closed")
  })

  it("may refuse what is listened to, also on the root", async () => {
    const closed = middleware({ request: () => Effect.fail(new PublicError("closed")) })
    const served = main().add(
      resource({ uri: "x://closed" }, () => "x").pipe(use(closed)),
      resource({ uri: "x://open" }, () => "x")
    )
    await using wire = await connectWire(served, { speak })
    if (speak === "2025-11-25") {
      expect((await wire.request("resources/subscribe", { uri: "x://closed" })).error.message).toBe("closed")
      expect((await wire.request("resources/subscribe", { uri: "x://open" })).result).toEqual({})
    } else {
      const uris = ["x://closed", "x://open"]
      void wire.request("subscriptions/listen", { notifications: { resourceSubscriptions: uris } })
      const told = await wire.next(({ method }) => method === "notifications/subscriptions/acknowledged")
      expect(told.params.notifications).toEqual({ resourceSubscriptions: ["x://open"] })
    }
  })
})

it("use takes a middleware, and leaves the component as it was", async () => {
  expect(() => use({ callTool: () => 1 } as never)).toThrow(DefinitionError)
  expect(() => use({ callTool: () => 1 } as never)).toThrow(
    "use(…) takes a middleware: wrap hooks in middleware({ … })."
  )
  const log: Array<string> = []
  const bare = tool({ name: "t" }, () => "t")
  const used = bare.pipe(use(trace(log, "one")))
  used.pipe(use(trace(log, "two")))
  await using wire = await connectWire(
    main()
      .mount("a", server(info("a")).tool(bare))
      .mount("b", server(info("b")).tool(used))
  )
  await wire.call("a_t")
  expect(log).toEqual([])
  await wire.call("b_t")
  expect(log).toEqual(["one tools/call t", "one call t"])
})
