import {
  Changes,
  Content,
  Context,
  DefinitionError,
  Effect,
  Layer,
  middleware,
  provides,
  Resource,
  resource,
  server,
  tool,
  transform,
  use,
  visibleTo
} from "mcpipe"
import * as v from "valibot"
import { afterEach, describe, expect, it, vi } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { connect } from "../../lib/testing/index.ts"
import { info, listsOf, read, refusal, sayPrompt, sayResource, sayTool, saying, spoken } from "../kit/served.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire } from "../kit/wire.ts"

class Db extends Context.Service<Db, string>()("spec/Db") {}
class Who extends Context.Service<Who, string>()("spec/Who") {}

const main = () => server(info("main"))
const seeDb = tool({ name: "db" }, function* () {
  return yield* Db
})
const seeWho = tool({ name: "who" }, function* () {
  return yield* Who
})
const db = (value: string) => Layer.succeed(Db, value)
const who = (value: string) => provides(Who, Effect.succeed(value))
const same = transform("same", (all) => all)

afterEach(() => void vi.restoreAllMocks())

describe.each(spoken)("a server behind its transforms, on %s", (speak) => {
  it("serves what they give, by the names that they were given", async () => {
    const seen: Array<ReadonlyArray<string>> = []
    const look = transform("look", (all) => {
      seen.push(all.map((one) => (one as { uri?: string }).uri ?? one.name))
      return all.filter(({ tags }) => !tags.includes("draft"))
    })
    const child = server(info("child")).add(
      sayTool("t", "t"),
      sayTool("draft", "draft", { tags: ["draft"] }),
      sayPrompt("p", "p"),
      sayResource("x://r", "r"),
      sayResource("x://d/{id}", "d")
    )
    const parent = main().mount("c", child, { rename: { t: "u" } })
    expect(await saying(parent.transform(look), speak)).toEqual({
      "tool c_u": "t",
      "prompt c_p": "p",
      "resource x://c/r": "r",
      "resource x://c/d/{id}": "d"
    })
    expect(seen[0]).toEqual(["c_u", "c_draft", "c_p", "x://c/r", "x://c/d/{id}"])
    // on a mount they know names without its namespace, and after its selection
    seen.length = 0
    const mounted = main().mount("c", child, { rename: { t: "u" }, except: "p", transform: [look, same] })
    expect(Object.keys(await saying(mounted, speak))).toEqual(["tool c_u", "resource x://c/r", "resource x://c/d/{id}"])
    expect(seen[0]).toEqual(["u", "draft", "x://r", "x://d/{id}"])
  })

  it("goes on: what is added, used and provided afterwards is outside of them", async () => {
    const gone = transform("gone", (all) => all.filter(({ name }) => name !== "a"))
    const log: Array<string> = []
    const trace = (mark: string) =>
      middleware({
        callTool: (next, call) => {
          log.push(`${mark} ${call.name}`)
          return next(call)
        }
      })
    const served = main()
      .add(sayTool("a", "old"), sayTool("b", "b"))
      .use(trace("inner"))
      .transform(gone)
      .tool(sayTool("a", "new"))
      .use(trace("outer"))
      .tool(seeDb)
      .provide(db("later"))
      .mount("m", server(info("m")).tool(sayTool("t", "t")))
    await using wire = await connectWire(served, { speak })
    expect((await listsOf(wire)).tools).toEqual(["a", "db", "b", "m_t"])
    expect(await wire.text("a")).toBe("new")
    expect(await wire.text("b")).toBe("b")
    expect(await wire.text("db")).toBe("later")
    expect(log).toEqual(["outer a", "outer b", "inner b", "outer db"])
  })

  it("keeps its layers, built once; the nearest wins, and its middleware gives nothing to what comes later", async () => {
    let built = 0
    const once = Layer.effect(
      Db,
      Effect.sync(() => `built ${++built} times`)
    )
    const before = main().add(seeDb, seeWho).use(who("inner")).provide(once)
    const after = tool({ name: "after" }, function* () {
      return `${yield* Db} ${yield* Who}`
    })
    await using wire = await connectWire(before.transform(same, same).tool(after).use(who("outer")), { speak })
    expect([await wire.text("db"), await wire.text("who"), await wire.text("after")]).toEqual([
      "built 1 times",
      "inner",
      "built 1 times outer"
    ])
    const twice = main().tool(seeDb).provide(db("near")).transform(same).tool(after).use(who("x")).provide(db("far"))
    await using other = await connectWire(twice, { speak })
    expect([await other.text("db"), await other.text("after")]).toEqual(["near", "near x"])
    const outside = main()
      .mount("c", main().tool(seeDb).provide(db("near")).transform(same))
      .use(who("x"))
      .provide(db("far"))
    await using third = await connectWire(outside, { speak })
    expect(await third.text("c_db")).toBe("near")
  })

  it("still has its request and list hooks around everything it is asked", async () => {
    const log: Array<string> = []
    const trace = (mark: string) =>
      middleware({
        request: (next, { method, name }) => {
          log.push(`${mark} ${method} ${name}`)
          return next
        },
        listTools: (next, call) => {
          log.push(`${mark} list`)
          return next(call)
        }
      })
    const served = main().tool(sayTool("t", "t")).use(trace("inner")).transform(same).use(trace("outer"))
    await using wire = await connectWire(served, { speak })
    log.length = 0
    await wire.request("tools/list")
    await wire.call("t")
    expect(log).toEqual([
      "outer tools/list undefined",
      "inner tools/list undefined",
      "outer list",
      "inner list",
      "outer tools/call t",
      "inner tools/call t"
    ])
  })

  it("takes components made from others, with middleware and visibility of their own", async () => {
    const log: Array<string> = []
    const seen = middleware({
      callTool: (next, call) => {
        log.push(call.name)
        return next(call)
      }
    })
    const made = transform("made", (all) =>
      all.flatMap((one) => (one.name === "a" ? [one.pipe(use(seen))] : [one.pipe(visibleTo(() => false))]))
    )
    const child = server(info("child")).add(sayTool("a", "a"), sayTool("b", "b"))
    await using wire = await connectWire(main().mount("c", child, { transform: made }), { speak })
    expect((await listsOf(wire)).tools).toEqual(["c_a"])
    expect(await wire.text("c_a")).toBe("a")
    expect((await wire.request("tools/call", { name: "c_b" })).error.message).toMatch(/^Unknown tool: "c_b"/)
    expect(log).toEqual(["a"])
  })

  describe("a tool that a transform adds", () => {
    /** Calls, reads and gets what is inside of it. */
    const remote = transform<never>("remote", (all, inner) => [
      ...all,
      tool({ name: "names" }, () => Effect.map(inner.tools, (tools) => tools.map(({ name }) => name).join(" "))),
      tool({ name: "call", input: { name: v.string() } }, ({ name }) => inner.call(name, {})),
      tool({ name: "read", input: { uri: v.string() } }, ({ uri }) =>
        Effect.map(inner.read(uri), ([first]) => (first as { text: string }).text)
      ),
      tool({ name: "get", input: { name: v.string() } }, ({ name }) =>
        Effect.map(inner.get(name, {}), ({ messages }) => (messages[0]!.content as { text: string }).text)
      )
    ])

    const child = () =>
      server(info("child"))
        .add(
          seeDb,
          seeWho,
          sayTool("v", "1", { version: "1" }),
          sayTool("v", "2", { version: "2" }),
          sayTool("hidden", "hidden").pipe(visibleTo(() => false)),
          sayPrompt("p", "p"),
          sayResource("x://r", "r"),
          sayResource("x://d/{id}", "d"),
          sayResource("x://secret", "secret").pipe(visibleTo(() => false)),
          tool({ name: "link" }, () => Content.link(Resource.ref("x://r"))),
          tool({ name: "touch" }, function* () {
            yield* (yield* Changes).resourceUpdated(Resource.ref("x://r"))
          })
        )
        .use(who("child"))
        .provide(db("child"))

    const places: Record<string, [string, string, () => AnyServer]> = {
      "behind a transform": ["", "", () => child().transform(remote)],
      "on a mount": ["c_", "c/", () => main().mount("c", child(), { transform: remote })],
      "on a mount without a namespace": ["", "", () => main().mount(child(), { transform: remote })],
      "in a mount": [
        "o_c_",
        "o/c/",
        () => main().mount("o", server(info("mid")).mount("c", child(), { transform: remote }))
      ],
      "around mounts": ["", "c/", () => main().mount("c", child()).transform(remote)]
    }

    it.each(Object.entries(places))("%s, sees and uses what is inside of it", async (place, [ns, path, make]) => {
      const local = place === "around mounts" ? { ns: "c_", path: "c/" } : { ns: "", path: "" }
      const log: Array<string> = []
      const outer = middleware({
        callTool: (next, call) => {
          log.push(call.name)
          return next(call)
        }
      })
      const made = make() as ReturnType<typeof child>
      await using wire = await connectWire(made.use(outer), { speak })
      expect(await wire.text(`${ns}names`)).toBe(
        ["db", "who", "v", "link", "touch"].map((name) => `${local.ns}${name}`).join(" ")
      )
      const call = (name: string) => wire.text(`${ns}call`, { name: `${local.ns}${name}` })
      log.length = 0
      expect([await call("db"), await call("who"), await call("v")]).toEqual(["child", "child", "2"])
      // once around each, as it stands around the tool that was called
      expect(log).toEqual([`${ns}call`, `${ns}call`, `${ns}call`])
      expect(await call("hidden")).toBe(`There is no tool "${local.ns}hidden".`)
      expect(await wire.text(`${ns}get`, { name: `${local.ns}p` })).toBe("p")
      const uri = (rest: string) => `x://${local.path}${rest}`
      expect(await wire.text(`${ns}read`, { uri: uri("r") })).toBe("r")
      expect(await wire.text(`${ns}read`, { uri: uri("d/1") })).toBe("d")
      expect((await wire.call(`${ns}read`, { uri: uri("secret") })).isError).toBe(true)
      const linked = await wire.call(`${ns}call`, { name: `${local.ns}link` })
      expect(linked.content[0].uri).toBe(`x://${path}r`)
      expect(await read(wire, linked.content[0].uri)).toBe("r")
      if (speak === "sessionless") {
        void wire.request("subscriptions/listen", { notifications: { resourceSubscriptions: [`x://${path}r`] } })
        await wire.next(({ method }) => method === "notifications/subscriptions/acknowledged")
      } else await wire.request("resources/subscribe", { uri: `x://${path}r` })
      await call("touch")
      await wire.next(
        ({ method, params }) => method === "notifications/resources/updated" && params.uri === `x://${path}r`
      )
    })
  })

  it("is transformed anew when a source brings others", async () => {
    const given = shelf({ kinds: ["tools"] })
    let applied = 0
    const counted = transform("counted", (all) => {
      applied++
      return [...all, sayTool("count", `${all.length}`)]
    })
    await using wire = await connectWire(main().source(given.source).transform(counted), { speak })
    expect(await saying(wire.app, speak)).toEqual({ "tool count": "0" })
    given.put(sayTool("a", "a"))
    await vi.waitFor(async () => expect(await wire.text("count")).toBe("1"))
    expect((await listsOf(wire)).tools).toEqual(["a", "count"])
    const before = applied
    await wire.call("a")
    expect(applied).toBe(before)
  })

  it("may be mounted several times, and transforms of parents see what it made", async () => {
    const shout = transform("shout", (all) =>
      all.map((one) => (one["~mcpipe/Component"].type === "tool" ? one.pipe(use(louder)) : one))
    )
    const louder = middleware({
      *callTool(next, call) {
        const given = yield* next(call)
        log.push(call.name)
        return given
      }
    })
    const log: Array<string> = []
    const child = server(info("child")).tool(sayTool("t", "t")).transform(shout)
    const parent = main().mount("a", child).mount("b", child).transform(shout)
    await using wire = await connectWire(parent, { speak })
    expect([await wire.text("a_t"), await wire.text("b_t")]).toEqual(["t", "t"])
    expect(log).toEqual(["t", "a_t", "t", "b_t"])
  })
})

it("the testing client finds what is mounted inside of transforms", async () => {
  const t = tool({ name: "t" }, () => "t")
  await using client = await connect(
    main()
      .mount("c", server(info("c")).tool(t))
      .transform(same)
  )
  expect(await client.at("c").call(t)).toBe("t")
})

describe("a transform that cannot be", () => {
  const served = () => main().add(sayTool("a", "a"), sayTool("b", "b"))

  it.each<[string, (all: ReadonlyArray<any>) => any, string]>([
    [
      "throws",
      () => {
        throw new Error("no luck")
      },
      'server "main": the transform "odd" failed: no luck'
    ],
    [
      "gives no array",
      () => "x",
      'server "main": the transform "odd" must give an array of tools, resources and prompts.'
    ],
    [
      "gives something else",
      () => [1],
      'server "main": the transform "odd" must give an array of tools, resources and prompts.'
    ],
    [
      "gives one twice",
      (all) => [...all, all[0]],
      'Two tools are called "a"; both are in server "main". Rename or remove one of them.'
    ],
    [
      "adds one under a name that is taken",
      (all) => [...all, sayTool("b", "new")],
      'Two tools are called "b"; both are in server "main". Rename or remove one of them.'
    ]
  ])("since it %s stops the assembly", (_, apply, message) => {
    expect(refusal(() => served().transform(transform("odd", apply)))).toBe(message)
  })

  it("is refused where it is made or used", () => {
    expect(() => transform("", (all) => all)).toThrow(DefinitionError)
    expect(() => transform("x", "y" as never)).toThrow("transform(…) takes a name and a function of components")
    expect(() => main().transform(((all: never) => all) as never)).toThrow(
      'server "main".transform(…) takes transforms, made by transform(name, …) or mcpipe/transforms.'
    )
  })
})

it("resource templates keep matching behind transforms and mounts", async () => {
  const child = server(info("c")).add(resource({ uri: "x://d/{id}" }, ({ id }) => `id ${id}`))
  await using wire = await connectWire(main().mount("a", child.transform(same), { transform: same }).transform(same))
  expect(await read(wire, "x://a/d/7")).toBe("id 7")
})
