import { Changes, Content, middleware, prompt, Resource, resource, server, source, type Transform, tool } from "mcpipe"
import * as v from "valibot"
import { describe as group, expect, it } from "vitest"
import {
  describe,
  except,
  filter,
  namespace,
  redactFields,
  rename,
  toolSearch,
  transformTools,
  versions
} from "../../lib/transforms/index.ts"
import { info, sayPrompt, saying, sayTool, withAll } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

const empty = server({ name: "s", version: "1" })
const ping = tool({ name: "ping", tags: ["safe"] }, () => "pong")
const wipe = tool({ name: "wipe" }, () => "gone")
const names = async (wire: Awaited<ReturnType<typeof connectWire>>) =>
  (await wire.request("tools/list")).result.tools.map(({ name }: { name: string }) => name)

const profile = resource({ uri: "user://{id}/profile", complete: { id: (prefix) => [`${prefix}1`] } }, ({ id }) =>
  Resource.text(`profile of ${id}`)
)
const config = resource({ uri: "config://main" }, () => "a")
const linking = tool({ name: "linking" }, () => [
  Content.link(profile, { variables: { id: "7" } }),
  Content.embedded({ uri: Resource.ref("config://main"), text: "a" })
])
const touch = tool({ name: "touch" }, function* () {
  yield* (yield* Changes).resourceUpdated("config://main")
  return "ok"
})
const review = prompt(
  { name: "review", args: { code: v.string() }, complete: { code: () => ["x"] } },
  ({ code }) => code
)

group("namespace", () => {
  const child = empty.add(ping, profile, config, linking, touch, review)

  it.each([
    ["on a server", child.transform(namespace("a")), "a", "a"],
    ["twice", child.transform(namespace("a"), namespace("b")), "b_a", "b/a"],
    ["on a mount", empty.mount("m", child, { transform: [filter("*"), namespace("a")] }), "m_a", "m/a"],
    [
      "inside and outside of mounts",
      empty.mount("m", child.transform(namespace("a"))).transform(namespace("o")),
      "o_m_a",
      "o/m/a"
    ],
    ["on a mount without a namespace", empty.mount(child, { transform: namespace("a") }), "a", "a"]
  ])("moves names, URIs, links, completions and reads %s", async (_, main, name, path) => {
    await using wire = await connectWire(main)
    expect(await names(wire)).toContain(`${name}_ping`)
    expect(await wire.text(`${name}_ping`)).toBe("pong")
    const uris = (await wire.request("resources/list")).result.resources.map(({ uri }: { uri: string }) => uri)
    expect(uris).toEqual([`config://${path}/main`])
    const template = `user://${path}/{id}/profile`
    expect((await wire.request("resources/templates/list")).result.resourceTemplates[0].uriTemplate).toBe(template)
    const { content } = await wire.call(`${name}_linking`)
    expect(content[0].uri).toBe(`user://${path}/7/profile`)
    expect(content[1].resource.uri).toBe(`config://${path}/main`)
    const read = await wire.request("resources/read", { uri: content[0].uri })
    expect(read.result.contents).toMatchObject([{ uri: content[0].uri, text: "profile of 7" }])
    const ref = { type: "ref/resource", uri: template }
    const argument = { name: "id", value: "4" }
    expect((await wire.request("completion/complete", { ref, argument })).result.completion.values).toEqual(["41"])
    const asked = { ref: { type: "ref/prompt", name: `${name}_review` }, argument: { name: "code", value: "" } }
    expect((await wire.request("completion/complete", asked)).result.completion.values).toEqual(["x"])
  })

  it("moves change notices", async () => {
    const main = empty.mount("m", child.transform(namespace("a"))).transform(namespace("o"))
    await using wire = await connectWire(main, { speak: "2025-11-25" })
    await wire.request("resources/subscribe", { uri: "config://o/m/a/main" })
    await wire.call("o_m_a_touch")
    const notice = await wire.next(({ method }) => method === "notifications/resources/updated")
    expect(notice.params.uri).toBe("config://o/m/a/main")
  })

  it("splits a mount without losing its policy or its middleware", async () => {
    const seen: Array<string> = []
    const note = middleware({
      callTool: (next, call) => {
        seen.push(call.name)
        return next(call)
      }
    })
    const main = empty.mount("m", empty.add(ping, wipe), {
      only: ["ping", "wipe"],
      except: "wipe",
      rename: { ping: "pong" },
      use: note,
      transform: [namespace("a"), rename({ a_pong: "last" })]
    })
    await using wire = await connectWire(main)
    expect(await names(wire)).toEqual(["m_last"])
    await wire.call("m_last")
    expect(seen).toEqual(["ping"])
  })

  it("is named as wrong where it is", () => {
    expect(() => namespace("a b")).toThrow('namespace(…): a namespace is 1 to 64 letters, digits, ".", "_" and "-"')
  })
})

group("rename, filter, except", () => {
  it("name and pick, and what is left out cannot be called", async () => {
    const main = empty
      .add(ping, wipe, review)
      .transform(filter([{ tag: "safe" }, "review"]), rename({ ping: "hello", review: "check" }))
    await using wire = await connectWire(main)
    expect(await names(wire)).toEqual(["hello"])
    expect(await wire.text("hello")).toBe("pong")
    expect(
      (await wire.request("prompts/get", { name: "check", arguments: { code: "c" } })).result.messages
    ).toHaveLength(1)
    for (const gone of ["ping", "wipe"]) {
      expect((await wire.request("tools/call", { name: gone, arguments: {} })).error.message).toContain("Unknown tool")
    }
    await using rest = await connectWire(empty.add(ping, wipe).transform(except((one) => one.name === "ping")))
    expect(await names(rest)).toEqual(["wipe"])
  })

  it("stop the assembly for slips of the pen, but not where a source may yet bring what is named", async () => {
    const wrong = (t: Transform) => connectWire(empty.add(ping, wipe).transform(t))
    await expect(wrong(rename({ pnig: "x" }))).rejects.toThrow(
      'the transform "rename" names "pnig", which is not there; it has ping, wipe.'
    )
    await expect(wrong(filter("pnig*"))).rejects.toThrow('the transform "filter" names "pnig*"')
    await expect(wrong(rename({ ping: "a b" }))).rejects.toThrow('ping: "a b": use 1 to 128 letters')
    await expect(wrong(rename({ ping: "wipe" }))).rejects.toThrow('Two tools are called "wipe"')
    expect(() => rename({ a: "" })).toThrow('rename(…): a is ""; give it a non-empty name.')
    expect(() => rename({})).toThrow('rename(…) takes a record that is not empty, such as { old_name: "new_name" }')
    expect(() => filter(5 as never)).toThrow("filter(…) is 5")
    const live = empty.source(source({ load: () => [ping] })).transform(rename({ later: "x" }))
    await using wire = await connectWire(live)
    expect(await names(wire)).toEqual(["ping"])
  })
})

group("describe", () => {
  it("describes tools, prompts and resources, for each caller where it is a function", async () => {
    const main = empty.add(ping, config, review).transform(
      describe({
        ping: async ({ principal }) => `For ${principal.id}`,
        "config://main": "Settings",
        review: function* () {
          return "Reviews"
        }
      })
    )
    await using wire = await connectWire(main)
    expect((await wire.request("tools/list")).result.tools[0].description).toBe("For anonymous")
    expect((await wire.request("resources/list")).result.resources[0].description).toBe("Settings")
    expect((await wire.request("prompts/list")).result.prompts[0].description).toBe("Reviews")
    expect(await wire.text("ping")).toBe("pong")
    expect(() => describe({ ping: 5 } as never)).toThrow(
      "describe(…): ping is 5; use a string or a function of the caller."
    )
  })
})

group("versions", () => {
  const of = (version: string) => tool({ name: "api", version }, () => version)
  const main = empty.add(of("1.0"), of("2.0-beta"), of("2.0"), of("10.1"), ping)

  it.each([
    [{}, "10.1", ["1.0", "2.0-beta", "2.0", "10.1"]],
    [{ lt: "2.0" }, "2.0-beta", ["1.0"]],
    [{ gte: "2.0", lt: "10" }, "2.0", []]
  ])("%j serves %s", async (options, highest, others) => {
    await using wire = await connectWire(main.transform(versions(options)))
    expect(await wire.text("api")).toBe(highest)
    for (const version of others) {
      expect((await wire.call("api", {}, { "mcpipe/version": version })).content[0].text).toBe(version)
    }
  })

  it("leave out what has none where that is said, and refuse what is no range", async () => {
    await using wire = await connectWire(main.transform(versions({ includeUnversioned: false })))
    expect(await names(wire)).toEqual(["api"])
    await using none = await connectWire(main.transform(versions({ gte: "11" })))
    expect(await names(none)).toEqual(["ping"])
    expect(() => versions({ gte: "2", lt: "1" })).toThrow("no version is 2 or later and before 1")
    expect(() => versions({ gte: 2 } as never)).toThrow('versions(…): gte is 2; use a version, such as "1.2".')
    expect(() => versions({ from: "2" } as never)).toThrow(
      'there is no option "from"; there are gte, lt, includeUnversioned.'
    )
  })
})

it.each<[string, () => Transform, string]>([
  [
    "rename of a URI",
    () => rename({ "x://d/{id}": "other" }),
    '"x://d/{id}" names a resource; rename(…) is for tools and prompts only.'
  ],
  [
    "transformTools of a prompt",
    () => transformTools({ p: { name: "q" } }),
    '"p" names a prompt; transformTools(…) is for tools only.'
  ],
  [
    "redactFields of a resource",
    () => redactFields(["secret"], { only: "x://*" }),
    '"x://*" names a resource; redactFields(…) is for tools only.'
  ],
  [
    "toolSearch that keeps a prompt",
    () => toolSearch({ alwaysVisible: "p" }),
    '"p" names a prompt; toolSearch(…) is for tools only.'
  ]
])("%s, which would leave it as it is, stops the assembly", async (_, make, message) => {
  await expect(connectWire(withAll("c").transform(make()))).rejects.toThrow(message)
})

it("what a tool and a prompt share names both", async () => {
  const both = server(info("s")).add(sayTool("p", "tool"), sayPrompt("p", "prompt"))
  expect(await saying(both.transform(rename({ p: "q" })), "sessionless")).toEqual({
    "tool q": "tool",
    "prompt q": "prompt"
  })
  expect(await saying(both.transform(transformTools({ p: { name: "q" } })), "sessionless")).toEqual({
    "tool q": "tool",
    "prompt p": "prompt"
  })
})
