import { Changes, Effect, prompt, resource, server, tool, visibleTo, Visibility } from "mcpipe"
import { audit, type AuditRecord, redact } from "mcpipe/middleware"
import {
  describe as describing,
  except,
  namespace,
  promptsAsTools,
  rename,
  resourcesAsTools,
  toolSearch,
  transformTools
} from "mcpipe/transforms"
import * as v from "valibot"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { info, listsOf, sayPrompt, sayResource, sayTool, spoken } from "../kit/served.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const all = (name: string) =>
  server(info(name)).add(
    tool({ name: "t", input: { a: v.string() } }, ({ a }) => `${name} ${a}`),
    prompt({ name: "p", args: { a: v.string() } }, ({ a }) => `${name} ${a}`),
    sayTool("p", `${name}'s tool`),
    resource({ uri: "x://d/{id}" }, ({ id }) => `${name} ${id}`)
  )

// what is left out is logged
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

describe.each(spoken)("on %s, search over prompts and resources as tools over new names over mounts", (speak) => {
  it.each([
    ["keep", "one"],
    ["replace", "two"]
  ] as const)("that collide, with %s", async (collisions, whose) => {
    const records: Array<AuditRecord> = []
    const layered = server(info("s"))
      .mount("m", all("one"))
      .mount("m", all("two"), { collisions })
      .use(
        audit({ sink: (record) => void records.push(record), methods: ["tools/call", "prompts/get", "resources/read"] })
      )
      .transform(
        rename({ m_t: "say", m_p: "letter" }),
        transformTools({ say: { arguments: { a: { name: "text" } } } }),
        promptsAsTools(),
        resourcesAsTools(),
        toolSearch(),
        namespace("ns")
      )
      .use(redact({ patterns: [/hush/] }))
    await using wire = await connectWire(layered, { speak })
    expect(await listsOf(wire)).toEqual({
      tools: ["ns_search_tools", "ns_call_tool"],
      prompts: ["ns_letter"],
      resources: [],
      templates: ["x://ns/m/d/{id}"]
    })
    const call = (name: string, args: object = {}) => wire.call("ns_call_tool", { name, arguments: args })
    const { tools } = (await wire.call("ns_search_tools", { query: "say letter list get read prompt" }))
      .structuredContent
    expect(tools.map(({ name }: any) => name).sort()).toEqual([
      "get_prompt",
      "letter",
      "list_prompts",
      "read_resource",
      "say"
    ])
    expect((await call("say", { text: "hush" })).content[0].text).toBe(`${whose} [redacted]`)
    expect((await call("say", { a: "x" })).isError).toBe(true)
    expect((await call("letter")).content[0].text).toBe(`${whose}'s tool`)
    const { prompts } = (await call("list_prompts")).structuredContent
    expect(prompts).toMatchObject([{ name: "letter", arguments: [{ name: "a", required: true }] }])
    const got = await call("get_prompt", { name: "letter", arguments: { a: "hush" } })
    expect(got.structuredContent.messages[0].content.text).toBe(`${whose} [redacted]`)
    const { templates } = (await call("list_resources")).structuredContent
    expect(templates).toMatchObject([{ uriTemplate: "x://ns/m/d/{id}" }])
    const read = (await call("read_resource", { uri: "x://ns/m/d/hush" })).structuredContent
    expect(read.contents).toMatchObject([{ uri: "x://ns/m/d/[redacted]", text: `${whose} [redacted]` }])
    for (const gone of ["m_t", "ns_say", "call_tool", "m_p"]) expect((await call(gone)).isError).toBe(true)
    const told = records.filter(({ outcome }) => outcome === "complete").map(({ method, name }) => `${method} ${name}`)
    expect(told).toEqual(["tools/call m_t", "tools/call m_p", "prompts/get m_p", "resources/read x://m/d/hush"])
  })
})

describe("what a session has switched off", () => {
  const switchable = (transform: any = []) =>
    server({ ...info("s"), switchable: true })
      .add(
        sayTool("t", "t", { tags: ["x"] }),
        sayPrompt("p", "p", { tags: ["x"] }),
        sayResource("x://r", "r", { tags: ["x"] }),
        sayResource("x://d/{id}", "d", { tags: ["x"] }),
        tool({ name: "off" }, () => Effect.as(Visibility.hide({ tags: ["x"] }), "off")),
        tool({ name: "on" }, () => Effect.as(Visibility.reset, "on")),
        tool({ name: "touch" }, () => Changes.use(({ resourceUpdated }) => Effect.as(resourceUpdated("x://r"), "told")))
      )
      .transform(...transform)
  const rest = (wire: Wire) => wire.received.filter(({ method }) => method?.endsWith("list_changed")).length

  it("is gone from lists that are asked for at the same time wholly or not at all, and comes back", async () => {
    await using wire = await connectWire(switchable([describing({ t: () => Effect.succeed("T") })]), {
      speak: "2025-11-25"
    })
    const [before, , during] = await Promise.all([listsOf(wire), wire.text("off"), listsOf(wire)])
    const whole = {
      tools: ["t", "off", "on", "touch"],
      prompts: ["p"],
      resources: ["x://r"],
      templates: ["x://d/{id}"]
    }
    const hidden = { tools: ["off", "on", "touch"], prompts: [], resources: [], templates: [] }
    for (const lists of [before, during]) {
      for (const [kind, list] of Object.entries(lists)) {
        expect([whole[kind as "tools"], hidden[kind as "tools"]]).toContainEqual(list)
      }
    }
    expect(await listsOf(wire)).toEqual(hidden)
    expect(rest(wire)).toBe(3)
    expect((await wire.request("prompts/get", { name: "p" })).error.code).toBe(-32602)
    await wire.text("on")
    expect(await listsOf(wire)).toEqual(whole)
    expect(rest(wire)).toBe(6)
  })

  it("is neither told of, found nor called by what a transform adds", async () => {
    const added = [promptsAsTools(), resourcesAsTools(), toolSearch({ alwaysVisible: ["off", "on", "touch"] })]
    await using wire = await connectWire(switchable(added), { speak: "2025-11-25" })
    await wire.request("resources/subscribe", { uri: "x://r" })
    const call = (name: string, args: object = {}) => wire.call("call_tool", { name, arguments: args })
    expect((await call("list_prompts")).structuredContent.prompts).toHaveLength(1)
    await wire.text("off")
    expect((await call("t")).content[0].text).toMatch(/^There is no tool "t"/)
    expect((await wire.call("search_tools", { query: "t" })).structuredContent.tools).toEqual([])
    expect((await call("list_prompts")).structuredContent.prompts).toEqual([])
    expect((await call("get_prompt", { name: "p" })).isError).toBe(true)
    expect((await call("list_resources")).structuredContent).toEqual({ resources: [], templates: [] })
    expect((await call("read_resource", { uri: "x://r" })).isError).toBe(true)
    await wire.text("touch")
    expect(wire.received.filter(({ method }) => method === "notifications/resources/updated")).toEqual([])
    await wire.text("on")
    await wire.text("touch")
    await wire.next(({ method }) => method === "notifications/resources/updated")
    expect(wire.received.filter(({ method }) => method === "notifications/resources/updated")).toHaveLength(1)
    expect((await call("read_resource", { uri: "x://r" })).structuredContent.contents[0].text).toBe("r")
  })
})

it("what only some may see stays so under any transform, and what is left out stays out", async () => {
  const shown = visibleTo(({ client }) => client.info?.name === "somebody else")
  const made = server(info("s"))
    .add(
      sayTool("t", "t").pipe(shown),
      sayPrompt("p", "p").pipe(shown),
      sayResource("x://r", "r").pipe(shown),
      sayTool("u", "u")
    )
    .transform(
      rename({ t: "t2", p: "p2" }),
      describing({ t2: () => "T", p2: "P", "x://r": () => "R" }),
      transformTools({ t2: { name: "t3", visible: () => true } }),
      promptsAsTools(),
      resourcesAsTools(),
      except("u")
    )
  await using wire = await connectWire(made)
  expect(await listsOf(wire)).toMatchObject({
    tools: ["list_prompts", "get_prompt", "list_resources", "read_resource"],
    prompts: [],
    resources: []
  })
  for (const name of ["t", "t2", "t3", "u"]) {
    expect((await wire.request("tools/call", { name, arguments: {} })).error.code).toBe(-32602)
  }
  expect((await wire.call("list_prompts")).structuredContent.prompts).toEqual([])
  expect((await wire.call("get_prompt", { name: "p2" })).isError).toBe(true)
  expect((await wire.call("list_resources")).structuredContent.resources).toEqual([])
  expect((await wire.call("read_resource", { uri: "x://r" })).isError).toBe(true)
})
