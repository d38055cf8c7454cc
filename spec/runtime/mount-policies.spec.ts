import {
  AssemblyError,
  assemble,
  Changes,
  Content,
  Context,
  DefinitionError,
  Effect,
  Layer,
  middleware,
  prompt,
  Prompt,
  provides,
  Resource,
  resource,
  server,
  tool
} from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { shelf } from "../kit/shelf.ts"
import { info, read, saidBy, sayPrompt, sayResource, sayTool, saying, spoken, withAll } from "../kit/served.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const main = () => server(info("main"))

const refusal = (make: () => AnyServer): string => {
  try {
    assemble(make() as never)
  } catch (error) {
    expect(error).toBeInstanceOf(AssemblyError)
    return (error as Error).message
  }
  throw new Error("assembled")
}

let logged: Array<string>
beforeEach(() => {
  logged = []
  vi.spyOn(console, "error").mockImplementation((...args) => void logged.push(args.join(" ")))
})
afterEach(() => void vi.restoreAllMocks())

describe.each(spoken)("on %s", (speak) => {
  describe("two mounted servers with the same names", () => {
    const pairs = { "without a namespace": [undefined, "x://"], "under one namespace": ["ns", "x://ns/"] } as const

    it.each(Object.entries(pairs))("%s: suffix serves the later one under other names", async (_, [namespace]) => {
      const mounted = (name: string, target: any, options: object = {}): any =>
        namespace === undefined ? target.mount(withAll(name), options) : target.mount(namespace, withAll(name), options)
      const both = mounted("c", mounted("b", mounted("a", main()), { collisions: "suffix" }), { collisions: "suffix" })
      const ns = namespace === undefined ? "" : "ns_"
      const [first, second, third] = namespace === undefined ? ["", "b/", "c/"] : ["ns/", "ns_2/", "ns_3/"]
      expect(await saying(both, speak)).toEqual({
        [`tool ${ns}t`]: "a",
        [`tool ${ns}t_2`]: "b",
        [`tool ${ns}t_3`]: "c",
        [`prompt ${ns}p`]: "a",
        [`prompt ${ns}p_2`]: "b",
        [`prompt ${ns}p_3`]: "c",
        [`resource x://${first}r`]: "a",
        [`resource x://${second}r`]: "b",
        [`resource x://${third}r`]: "c",
        [`resource x://${first}d/{id}`]: "a",
        [`resource x://${second}d/{id}`]: "b",
        [`resource x://${third}d/{id}`]: "c"
      })
    })

    it.each(Object.entries(pairs))("%s: keep serves the earlier one, replace the later", async (_, [namespace, at]) => {
      const both = (collisions: "keep" | "replace"): any =>
        namespace === undefined
          ? main().mount(withAll("a")).mount(withAll("b"), { collisions })
          : main().mount(namespace, withAll("a")).mount(namespace, withAll("b"), { collisions })
      const ns = namespace === undefined ? "" : "ns_"
      const all = (says: string) => ({
        [`tool ${ns}t`]: says,
        [`prompt ${ns}p`]: says,
        [`resource ${at}r`]: says,
        [`resource ${at}d/{id}`]: says
      })
      expect(await saying(both("keep"), speak)).toEqual(all("a"))
      expect(await saying(both("replace"), speak)).toEqual(all("b"))
    })

    it("what the parent has itself comes first, wherever it is added", async () => {
      const child = server(info("child")).add(sayTool("t", "child"), sayTool("u", "child"))
      const own = sayTool("t", "main")
      expect(await saying(main().mount(child, { collisions: "keep" }).tool(own), speak)).toEqual({
        "tool t": "main",
        "tool u": "child"
      })
      expect(await saying(main().tool(own).mount(child, { collisions: "replace" }), speak)).toEqual({
        "tool t": "child",
        "tool u": "child"
      })
      expect(await saying(main().mount(child, { collisions: "suffix" }).tool(own), speak)).toEqual({
        "tool t": "main",
        "tool t_2": "child",
        "tool u": "child"
      })
    })

    it("a suffix passes over names that are taken, and never takes one of its own server", async () => {
      const child = server(info("child")).add(sayTool("t", "c t"), sayTool("t_3", "c t_3"))
      const parent = main().add(sayTool("t", "m t"), sayTool("t_2", "m t_2"))
      expect(await saying(parent.mount(child, { collisions: "suffix" }), speak)).toEqual({
        "tool t": "m t",
        "tool t_2": "m t_2",
        "tool t_4": "c t",
        "tool t_3": "c t_3"
      })
    })

    it("templates that match the same URIs collide too, one with several of them", async () => {
      // each has as many literal characters as the others
      const mine = main().add(sayResource("u://{x}a", "one"), sayResource("u://{x}b", "two"))
      const clash = server(info("clash")).add(sayResource("u://c{y}", "three"))
      expect(refusal(() => mine.mount(clash))).toBe(
        'The resource templates "u://{x}a" and "u://c{y}" match the same URIs with equal precedence; ' +
          'one is in server "main", the other in server "clash" mounted as "clash". Rename one of them, mount its ' +
          "server under another namespace, or say what shall happen with the option " +
          'collisions: "suffix", "keep" or "replace" of its mount.'
      )
      expect(await saying(mine.mount(clash, { collisions: "replace" }), speak)).toEqual({
        "resource u://c{y}": "three"
      })
      expect(await saying(mine.mount(clash, { collisions: "keep" }), speak)).toEqual({
        "resource u://{x}a": "one",
        "resource u://{x}b": "two"
      })
      expect(await saying(mine.mount(clash, { collisions: "suffix" }), speak)).toEqual({
        "resource u://{x}a": "one",
        "resource u://{x}b": "two",
        "resource u://clash/c{y}": "three"
      })
    })

    it("the same server mounted twice has everything twice", async () => {
      const child = withAll("child")
      expect(await saying(main().mount("a", child).mount("b", child), speak)).toEqual({
        "tool a_t": "child",
        "tool b_t": "child",
        "prompt a_p": "child",
        "prompt b_p": "child",
        "resource x://a/r": "child",
        "resource x://b/r": "child",
        "resource x://a/d/{id}": "child",
        "resource x://b/d/{id}": "child"
      })
      expect(await saying(main().mount(child).mount(child, { collisions: "suffix" }), speak)).toMatchObject({
        "tool t": "child",
        "tool t_2": "child",
        "resource x://child/r": "child"
      })
    })

    it("policies hold at every level", async () => {
      const inner = server(info("inner")).mount("k", withAll("a")).mount("k", withAll("b"), { collisions: "suffix" })
      const outer = main().mount("o", inner).mount("o", inner, { collisions: "suffix" })
      expect(await saying(outer, speak)).toEqual({
        "tool o_k_t": "a",
        "tool o_k_t_2": "b",
        "tool o_k_t_3": "a",
        "tool o_k_t_2_2": "b",
        "prompt o_k_p": "a",
        "prompt o_k_p_2": "b",
        "prompt o_k_p_3": "a",
        "prompt o_k_p_2_2": "b",
        "resource x://o/k/r": "a",
        "resource x://o/k_2/r": "b",
        "resource x://o_2/k/r": "a",
        "resource x://o_2/k_2/r": "b",
        "resource x://o/k/d/{id}": "a",
        "resource x://o/k_2/d/{id}": "b",
        "resource x://o_2/k/d/{id}": "a",
        "resource x://o_2/k_2/d/{id}": "b"
      })
    })

    it("versions of one name move together, and another version is no collision", async () => {
      const child = server(info("child")).add(
        sayTool("t", "c1", { version: "1" }),
        sayTool("t", "c2", { version: "2" })
      )
      const one = main().tool(sayTool("t", "m1", { version: "1" }))
      expect(await saying(one.mount(child, { collisions: "suffix" }), speak)).toEqual({
        "tool t": "m1",
        "tool t_2": "c2"
      })
      const three = main().tool(sayTool("t", "m3", { version: "3" }))
      expect(await saying(three.mount(child), speak)).toEqual({ "tool t": "m3" })
    })
  })

  describe("references of a server whose URIs moved", () => {
    class Bell extends Context.Service<Bell, { readonly ring: Effect.Effect<void> }>()("spec/Bell") {}

    /** Links, embeds and tells of its own resources, from handlers and from a layer. */
    const notes = (says: string) => {
      const link = Content.link(Resource.ref("note://r"))
      const embedded = Content.embedded({ uri: Resource.ref("note://d/7"), text: says })
      const ring = Effect.map(Changes, (changes) => ({ ring: changes.resourceUpdated("note://d/7") }))
      return server(info("notes"))
        .add(
          resource({ uri: "note://r" }, () => says),
          resource({ uri: "note://d/{id}", complete: { id: () => [says] } }, ({ id }) => `${says} ${id}`),
          tool({ name: "link" }, () => [link, embedded]),
          prompt({ name: "link" }, () => [Prompt.user(link), Prompt.user(embedded)]),
          tool({ name: "touch" }, function* () {
            yield* (yield* Changes).resourceUpdated(Resource.ref("note://r"))
          }),
          tool({ name: "ring" }, function* () {
            yield* (yield* Bell).ring
          })
        )
        .provide(Layer.effect(Bell, ring))
    }
    const pair = (one: string, two: string) =>
      server(info("pair")).mount("n", notes(one)).mount("n", notes(two), { collisions: "suffix" })
    const nested = main().mount("o", pair("a", "b")).mount("o", pair("c", "d"), { collisions: "suffix" })

    it.each([
      ["a", "o_n_", "", "note://o/n/"],
      ["b", "o_n_", "_2", "note://o/n_2/"],
      ["c", "o_n_", "_3", "note://o_2/n/"],
      ["d", "o_n_", "_2_2", "note://o_2/n_2/"]
    ])("of %s resolve wherever they stand", async (says, prefix, suffix, base) => {
      const name = (own: string) => `${prefix}${own}${suffix}`
      await using wire = await connectWire(nested, { speak })
      const { content } = await wire.call(name("link"))
      expect(content.map((item: any) => item.uri ?? item.resource.uri)).toEqual([`${base}r`, `${base}d/7`])
      const { messages } = (await wire.request("prompts/get", { name: name("link") })).result
      expect(messages.map(({ content }: any) => content.uri ?? content.resource.uri)).toEqual([
        `${base}r`,
        `${base}d/7`
      ])
      expect(await read(wire, `${base}r`)).toBe(says)
      const seven = (await wire.request("resources/read", { uri: `${base}d/7` })).result.contents
      expect(seven).toEqual([expect.objectContaining({ uri: `${base}d/7`, text: `${says} 7` })])
      const completed = await wire.request("completion/complete", {
        ref: { type: "ref/resource", uri: `${base}d/{id}` },
        argument: { name: "id", value: "" }
      })
      expect(completed.result.completion.values).toEqual([says])
      if (speak === "sessionless") {
        const uris = [`${base}r`, `${base}d/7`]
        void wire.request("subscriptions/listen", { notifications: { resourceSubscriptions: uris } })
        const told = await wire.next(({ method }) => method === "notifications/subscriptions/acknowledged")
        expect(told.params.notifications).toEqual({ resourceSubscriptions: uris })
      } else {
        for (const uri of [`${base}r`, `${base}d/7`]) await wire.request("resources/subscribe", { uri })
      }
      for (const [own, uri] of [
        ["touch", `${base}r`],
        ["ring", `${base}d/7`]
      ] as const) {
        await wire.call(name(own))
        await wire.next(({ method, params }) => method === "notifications/resources/updated" && params.uri === uri)
      }
      // and nobody else's were told
      expect(wire.received.filter(({ method }) => method === "notifications/resources/updated")).toHaveLength(2)
    })
  })

  describe("only, except and rename", () => {
    const child = server(info("child")).add(
      sayTool("find_one", "find_one", { tags: ["read"] }),
      sayTool("find_all", "find_all", { tags: ["read", "slow"] }),
      sayTool("drop", "drop", { tags: ["write"] }),
      sayPrompt("ask", "ask"),
      sayResource("x://r", "r", { tags: ["read"] }),
      sayResource("x://d/{id}", "d")
    )
    const tags = { tag: "read" }
    it.each<[string, object, ReadonlyArray<string>]>([
      ["a name", { only: "drop" }, ["tool c_drop"]],
      ["a name with a wildcard", { only: "find_*" }, ["tool c_find_one", "tool c_find_all"]],
      ["wildcards inside", { only: "*_a*" }, ["tool c_find_all"]],
      ["a URI with a wildcard", { only: "x://*" }, ["resource x://c/r", "resource x://c/d/{id}"]],
      ["a tag", { only: tags }, ["tool c_find_one", "tool c_find_all", "resource x://c/r"]],
      ["a function", { only: ({ type }: { type: string }) => type === "prompt" }, ["prompt c_ask"]],
      ["alternatives", { only: ["drop", { tag: "slow" }] }, ["tool c_find_all", "tool c_drop"]],
      ["but for others", { only: tags, except: "find_all" }, ["tool c_find_one", "resource x://c/r"]],
      ["all but a tag", { except: [tags, "x://*"] }, ["tool c_drop", "prompt c_ask"]],
      ["nothing", { except: "*" }, []]
    ])("%s picks what is served", async (_, options, names) => {
      expect(Object.keys(await saying(main().mount("c", child, options), speak))).toEqual(names)
    })

    it("what is left out can neither be called nor read", async () => {
      await using wire = await connectWire(main().mount("c", child, { except: ["drop", "x://r"] }), { speak })
      const called = await wire.request("tools/call", { name: "c_drop", arguments: {} })
      expect(called.error.message).toBe('Unknown tool: "c_drop". tools/list names the ones there are.')
      expect(await read(wire, "x://c/r")).toMatch(/^Resource not found: "x:\/\/c\/r"/)
    })

    it("a new name comes after the namespace, and selections know the old one", async () => {
      const renamed = main().mount("c", child, { only: ["drop", "ask"], rename: { drop: "remove", ask: "question" } })
      expect(await saying(renamed, speak)).toEqual({ "tool c_remove": "drop", "prompt c_question": "ask" })
      const swapped = main().mount(child, { only: "find*", rename: { find_one: "find_all", find_all: "find_one" } })
      expect(await saying(swapped, speak)).toEqual({ "tool find_all": "find_one", "tool find_one": "find_all" })
    })

    it("a new name can end a collision or make one, which the policy decides", async () => {
      const parent = main().tool(sayTool("drop", "main"))
      const only = "drop"
      expect(await saying(parent.mount(child, { only, rename: { drop: "remove" } }), speak)).toEqual({
        "tool drop": "main",
        "tool remove": "drop"
      })
      const clash = { only: "find_one", rename: { find_one: "drop" } } as const
      expect(refusal(() => parent.mount(child, clash))).toMatch(
        /^Two tools are called "drop"; one is in server "main", the/
      )
      expect(await saying(parent.mount(child, { ...clash, collisions: "suffix" }), speak)).toEqual({
        "tool drop": "main",
        "tool drop_2": "find_one"
      })
    })
  })

  describe("middleware of a mount", () => {
    const trace = (log: Array<string>, who: string) =>
      middleware({
        callTool: (next, call) => {
          log.push(`${who} ${call.name}`)
          return next(call)
        },
        request: (next, { name }) => {
          log.push(`${who} request ${name}`)
          return next
        },
        listTools: (next, call) => {
          log.push(`${who} list`)
          return next(call)
        }
      })

    it("stands inside its parent's and outside its server's, and knows the names of its server", async () => {
      const log: Array<string> = []
      const child = server(info("child")).tool(sayTool("t", "t")).use(trace(log, "child"))
      const parent = main()
        .mount("c", child, { rename: { t: "u" }, use: [trace(log, "first"), trace(log, "second")] })
        .use(trace(log, "parent"))
      await using wire = await connectWire(parent, { speak })
      log.length = 0
      await wire.call("c_u")
      expect(log).toEqual([
        "parent request c_u",
        "first request t",
        "second request t",
        "child request t",
        "parent c_u",
        "first t",
        "second t",
        "child t"
      ])
      log.length = 0
      await wire.request("tools/list")
      expect(log).toEqual(["parent request undefined", "parent list", "first list", "second list", "child list"])
    })

    it("gives services to the mounted server, where it is mounted with it", async () => {
      class Tenant extends Context.Service<Tenant, string>()("spec/Tenant") {}
      const child = server(info("child")).tool(
        tool({ name: "whose" }, function* () {
          return yield* Tenant
        })
      )
      const of = (name: string) => ({ use: provides(Tenant, Effect.succeed(name)) })
      expect(await saying(main().mount("a", child, of("ann")).mount("b", child, of("bob")), speak)).toEqual({
        "tool a_whose": "ann",
        "tool b_whose": "bob"
      })
    })
  })

  describe("a source under a policy", () => {
    const toolsOf = async (wire: Wire) => Object.entries(await saidBy(wire)).map((entry) => entry.join(" "))

    it("makes and ends collisions as its components come and go", async () => {
      const given = shelf({ kinds: ["tools", "resources"] })
      const child = server(info("child")).source(given.source)
      const own = main().add(sayTool("t", "main"), sayResource("x://r", "main"))
      const mounted = (collisions: "suffix" | "keep" | "replace") => own.mount(child, { collisions })
      const both = ["tool t main", "resource x://r main"]
      for (const [collisions, during] of [
        ["keep", both],
        ["replace", ["tool t child", "resource x://r child"]],
        ["suffix", ["tool t main", "tool t_2 child", "resource x://r main", "resource x://child/r child"]]
      ] as const) {
        given.hold()
        await using wire = await connectWire(mounted(collisions), { speak })
        expect(await toolsOf(wire)).toEqual(both)
        given.put(sayTool("t", "child"), sayResource("x://r", "child"))
        await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(during))
        given.put()
        await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(both))
      }
    })

    it("is not taken where it collides and the policy is to stop", async () => {
      const given = shelf({ holds: [sayTool("u", "child")] })
      const child = server(info("child")).source(given.source)
      await using wire = await connectWire(main().tool(sayTool("t", "main")).mount(child), { speak })
      given.put(sayTool("u", "child"), sayTool("t", "child"))
      await vi.waitFor(() => expect(logged.join()).toMatch(/does not fit in: Two tools are called "t"/))
      expect(await toolsOf(wire)).toEqual(["tool t main", "tool u child"])
    })

    it("may bring what only, except and rename name", async () => {
      const given = shelf({ holds: [sayTool("a", "a")] })
      const child = server(info("child")).source(given.source)
      const parent = main().mount(child, { only: ["a", "b"], rename: { b: "c" } })
      await using wire = await connectWire(parent, { speak })
      expect(await toolsOf(wire)).toEqual(["tool a a"])
      given.put(sayTool("a", "a"), sayTool("b", "b"), sayTool("d", "d"))
      await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(["tool a a", "tool c b"]))
    })
  })
})

describe("what a policy leaves out", () => {
  const from = (name: string, source?: ReturnType<typeof shelf>) => {
    const s = server(info(name)).tool(sayTool("t", name))
    return source === undefined ? s : s.source(source.source)
  }

  it("is logged once when the app starts, with both origins", async () => {
    const app = assemble(
      main().mount("x", server(info("mid")).mount(from("a")).mount(from("b"), { collisions: "keep" }))
    )
    await app.start()
    await app.start()
    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(
      /WARN .*server "main": the collision policies of its mounts leave out components\.\nleft out: tool "x_t" of server "b" mounted as "x\/b"; kept: "x_t" of server "a" mounted as "x\/a"$/
    )
    await app.dispose()
  })

  it("is logged again where a source brings more of it, and then that alone", async () => {
    const given = shelf()
    const app = assemble(
      main().mount(from("a")).mount(from("b", given), { collisions: "replace" }).tool(sayTool("u", "m"))
    )
    await app.start()
    expect(logged).toHaveLength(1)
    given.put(sayTool("u", "b"))
    await vi.waitFor(() => expect(logged).toHaveLength(2))
    expect(logged[1]).toMatch(
      /components\.\nleft out: tool "u" of server "main"; kept: "u" of server "b" mounted as "b"$/
    )
    const loads = given.loads()
    given.put(sayTool("u", "b again"))
    await vi.waitFor(() => expect(given.loads()).toBe(loads + 1))
    const running = await app["~mcpipe/App"].running()
    await vi.waitFor(() => expect(running.catalogue().losses).toHaveLength(2))
    expect(logged).toHaveLength(2)
    await app.dispose()
  })

  it("is nothing to log where nothing is left out", async () => {
    const app = assemble(main().mount(from("a")).mount(from("b"), { collisions: "suffix" }))
    await app.start()
    expect(logged).toEqual([])
    await app.dispose()
  })
})

describe("a mount that cannot be", () => {
  const child = server(info("child")).add(sayTool("find", "f"), sayResource("x://r", "r"))

  it.each<[string, () => AnyServer, string]>([
    [
      "only of a name that is not there",
      () => main().mount("c", child, { only: ["find", "fnid"] }),
      'server "child" mounted as "c": only names "fnid", which is not there; it has find, x://r.'
    ],
    [
      "except of a wildcard that fits nothing",
      () => main().mount("c", child, { except: "get_*" }),
      'server "child" mounted as "c": except names "get_*", which is not there; it has find, x://r.'
    ],
    [
      "rename of a name that is not there",
      () => main().mount("c", child, { rename: { c_find: "look" } }),
      'server "child" mounted as "c": rename names "c_find", which is not there; it has find.'
    ],
    [
      "rename of a resource, which is known by its URI",
      () => main().mount("c", child, { rename: { "x://r": "x://s" } }),
      'server "child" mounted as "c": rename names "x://r", which is not there; it has find.'
    ],
    [
      "rename on a server without components",
      () => main().mount(server(info("bare")), { rename: { a: "b" } }),
      'server "bare" mounted as "bare": rename names "a", which is not there; it has none.'
    ],
    [
      "a tool's new name with a space",
      () => main().mount("c", child, { rename: { find: "look up" } }),
      'server "child" mounted as "c": rename.find: "look up": use 1 to 128 letters, digits, "_", "-", "." or "/".'
    ]
  ])("%s stops the assembly", (_, make, message) => {
    expect(refusal(make)).toBe(message)
  })

  it.each<[string, unknown, string]>([
    [
      "an unknown option",
      { colisions: "keep" },
      'there is no option "colisions"; there are collisions, only, except, rename, use, transform.'
    ],
    ["an unknown policy", { collisions: "drop" }, 'collisions is "drop"; use "error", "suffix", "keep" or "replace".'],
    ["no options at all", 5, "pass a record of options: collisions, only, except, rename, use, transform."],
    [
      "an empty name",
      { only: "" },
      'only is "": use names, in which * stands for anything, { tag }, a function, or an array of these.'
    ],
    [
      "an odd selection",
      { except: [{ tags: "x" }] },
      'except is [{"tags":"x"}]: use names, in which * stands for anything, { tag }, a function, or an array of these.'
    ],
    ["an empty new name", { rename: { find: " " } }, 'rename.find is " "; give it a non-empty name.'],
    ["a rename that is no record", { rename: "x" }, 'rename is "x"; use { oldName: "new_name" }.'],
    [
      "hooks that are no middleware",
      { use: [{}] },
      "use takes middleware, made by middleware({ … }), or an array of it."
    ],
    ["a transform that is a function", { transform: () => [] }, "transform takes a transform, or an array of them."]
  ])("%s is refused where it is mounted", (_, options, message) => {
    const mount = () => main().mount("c", child, options as never)
    expect(mount).toThrow(DefinitionError)
    expect(mount).toThrow(`server "main".mount("c", …): ${message}`)
  })
})
