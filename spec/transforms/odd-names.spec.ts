import { jsonSchema, prompt, resource, server, tool, type Transform } from "mcpipe"
import { cache, redact, responseLimit, sanitize } from "mcpipe/middleware"
import {
  dereference,
  describe as describing,
  filter,
  promptsAsTools,
  redactFields,
  rename,
  resourcesAsTools,
  toolSearch,
  transformTool,
  transformTools
} from "mcpipe/transforms"
import { describe, expect, it } from "vitest"
import { info, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

/** Written as text, since a literal would set the prototype. */
const json = (text: string): any => JSON.parse(text)

const input = json(`{
  "type": "object",
  "properties": { "__proto__": { "type": "string" }, "constructor": { "$ref": "#/$defs/toString" }, "valueOf": { "type": "string" } },
  "required": ["__proto__", "constructor"],
  "additionalProperties": false,
  "$defs": { "toString": { "type": "string" } }
}`)
const echo = tool({ name: "echo", input: jsonSchema<object>(input) }, (args) => JSON.stringify(args))
const transformed = (options: string) => transformTool(echo, { arguments: json(options) } as never)
const text = '{"__proto__":"p","constructor":"c"}'

describe.each(spoken)("on %s, names that every object has are names as any other", (speak) => {
  const connected = (served: any) => connectWire(served, { speak })

  it.each<[string, any, string, string, ReadonlyArray<string>]>([
    ["as they are", echo, text, text, ["__proto__", "constructor", "valueOf"]],
    [
      "renamed to others and to each other",
      transformed('{"__proto__":{"name":"p"},"constructor":{"name":"__proto__"}}'),
      '{"p":"1","__proto__":"2"}',
      '{"__proto__":"1","constructor":"2"}',
      ["p", "__proto__", "valueOf"]
    ],
    [
      "hidden, and with a default",
      transformed('{"__proto__":{"hide":true,"value":"v"},"constructor":{"default":"d"}}'),
      "{}",
      '{"__proto__":"v","constructor":"d"}',
      ["constructor", "valueOf"]
    ]
  ])("arguments %s", async (_, made, sent, got, listed) => {
    for (const served of [server(info("s")).tool(made), server(info("s")).tool(made).transform(dereference())]) {
      await using wire = await connected(served)
      const [{ inputSchema }] = (await wire.request("tools/list")).result.tools
      expect(Object.keys(inputSchema.properties)).toEqual(listed)
      const answer = JSON.parse(await wire.text("echo", json(sent)))
      expect(Object.entries(answer).sort()).toEqual(Object.entries(json(got)).sort())
      expect(await wire.text("echo", json('{"toString":"x"}'))).toContain("toString: expected no property of this name")
    }
  })

  it.each<[string, Transform<any>, string]>([
    ["transformTools", transformTools(json('{"__proto__":{"name":"valueOf"}}')), "valueOf"],
    ["rename", rename(json('{"__proto__":"toString"}')), "toString"],
    ["describe", describing(json('{"__proto__":"Said"}')), "__proto__"],
    ["filter by a tag", filter({ tag: "constructor" }), "__proto__"]
  ])("tools and tags, for %s", async (_, transform, name) => {
    const named = tool({ name: "__proto__", tags: ["constructor"] }, () => "x")
    await using wire = await connected(server(info("s")).tool(named).transform(transform))
    expect((await wire.request("tools/list")).result.tools.map((one: any) => one.name)).toEqual([name])
    expect(await wire.text(name)).toBe("x")
    expect((await wire.request("tools/call", { name: "hasOwnProperty", arguments: {} })).error.code).toBe(-32602)
  })

  it("namespaces and what is searched for", async () => {
    const child = server(info("c")).tool(tool({ name: "constructor", description: "__proto__" }, () => "x"))
    await using mounted = await connected(server(info("s")).mount("constructor", child).mount("toString", child))
    expect([await mounted.text("constructor_constructor"), await mounted.text("toString_constructor")]).toEqual([
      "x",
      "x"
    ])
    await using searched = await connected(child.transform(toolSearch()))
    const found = async (query: string) => (await searched.call("search_tools", { query })).structuredContent.tools
    expect([await found("constructor"), await found("__proto__"), await found("valueOf")]).toMatchObject([
      [{ name: "constructor" }],
      [{ name: "constructor" }],
      []
    ])
    expect(await searched.text("call_tool", { name: "constructor" })).toBe("x")
    expect(await searched.text("call_tool", { name: "toString" })).toMatch(/^There is no tool "toString"/)
  })

  it("fields that are left out or redacted", async () => {
    const output = jsonSchema<object>(
      json(
        '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"},"k":{"type":"string"}},"required":["__proto__"]}'
      )
    )
    const made = tool({ name: "o", output, annotations: { readOnlyHint: true } }, () =>
      json('{"__proto__":"ada@example.com","constructor":"c","k":"k"}')
    )
    await using cut = await connected(
      server(info("s"))
        .tool(made)
        .transform(redactFields(["__proto__", "**.constructor"]))
    )
    expect((await cut.call("o")).structuredContent).toEqual({ k: "k" })
    expect(Object.keys((await cut.request("tools/list")).result.tools[0].outputSchema.properties)).toEqual(["k"])
    const hidden = server(info("s"))
      .tool(made)
      .use(sanitize())
      .use(responseLimit())
      .use(redact({ fields: ["constructor"], patterns: ["email"] }))
      .use(cache())
    await using wire = await connected(hidden)
    for (let n = 0; n < 2; n++) {
      const { structuredContent } = await wire.call("o")
      expect(JSON.stringify(structuredContent)).toBe('{"__proto__":"[redacted]","constructor":"[redacted]","k":"k"}')
    }
  })

  it("and names of 10,000 characters are served, or refused in a few words", async () => {
    const long = "n".repeat(10_000)
    const served = server(info("s"))
      .add(
        tool(
          { name: "a", input: jsonSchema<any>({ type: "object", properties: { [long]: { type: "string" } } }) },
          (args) => String(args[long])
        ),
        prompt({ name: long }, () => "prompt"),
        resource({ uri: `x://${long}` as "x://n" }, () => "resource")
      )
      .transform(transformTools({ a: { arguments: { [long]: { name: "x" } } } }), promptsAsTools(), resourcesAsTools())
    await using wire = await connected(server(info("root")).mount("m", served))
    expect(await wire.text("m_a", { x: "1" })).toBe("1")
    expect((await wire.text("m_a", { [long]: "1" })).length).toBeLessThan(400)
    expect(await wire.text("m_get_prompt", { name: long })).toContain("prompt")
    expect(await wire.text("m_read_resource", { uri: `x://m/${long}` })).toContain('"resource"')
    for (const [method, params] of [
      ["tools/call", { name: long, arguments: {} }],
      ["prompts/get", { name: `${long}n` }],
      ["resources/read", { uri: `x://${long}n` }],
      ["tools/call", { name: "m_a", arguments: {}, _meta: { "mcpipe/version": long } }]
    ] as const) {
      const { error } = await wire.request(method, params)
      expect(error.code).toBeLessThan(0)
      expect(error.message.length).toBeLessThan(400)
    }
  })
})
