import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DefinitionError, jsonSchema, middleware, result, server, tool, ToolError, use } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { transformTool, transformTools } from "../../lib/transforms/index.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { connectWire } from "../kit/wire.ts"
import { driveTool } from "../kit/rounds.ts"

const eras = ["sessionless", "2025-11-25"] as const
const empty = server({ name: "s", version: "1" })

const search = tool(
  {
    name: "search",
    title: "Search",
    description: "Finds people",
    input: {
      q: v.pipe(v.string(), v.minLength(2), v.description("What to look for")),
      limit: v.optional(v.pipe(v.number(), v.integer()), 10),
      key: v.string()
    },
    annotations: { readOnlyHint: true },
    tags: ["people"],
    meta: { a: 1, b: 2 }
  },
  ({ q, limit, key }) => ({ q, limit, key })
)

const find = transformTool(search, {
  name: "find",
  title: "Find",
  arguments: {
    q: { name: "query", description: "Words" },
    limit: { default: 5 },
    key: { hide: true, value: "secret" }
  },
  annotations: { openWorldHint: false },
  tags: ["public"],
  meta: { b: 3 }
})

describe.each(eras)("in the era of %s, a transformed tool", (speak) => {
  it("lists what it takes, and is called with exactly that", async () => {
    await using wire = await connectWire(empty.tool(find), { speak })
    expect((await wire.request("tools/list")).result.tools).toEqual([
      {
        name: "find",
        title: "Find",
        description: "Finds people",
        inputSchema: {
          type: "object",
          properties: {
            query: { type: "string", minLength: 2, description: "Words" },
            limit: { type: "integer", default: 5 }
          },
          required: ["query"],
          additionalProperties: false
        },
        annotations: { readOnlyHint: true, openWorldHint: false },
        _meta: { a: 1, b: 3 }
      }
    ])
    expect((await wire.call("find", { query: "ada" })).structuredContent).toEqual({ q: "ada", limit: 5, key: "secret" })
    expect(await wire.text("find", { query: "a" })).toBe(
      'Invalid arguments for tool "find":\n- query: expected length >=2, received "a"'
    )
    expect(await wire.text("find", { query: "ada", key: "mine", q: "x" })).toBe(
      'Invalid arguments for tool "find":\n' +
        '- key: expected no property of this name, received "mine"; allowed: "query", "limit"\n' +
        '- q: expected no property of this name, received "x"; allowed: "query", "limit"'
    )
  })

  it("computes hidden arguments for each call, and maps input and output in all forms", async () => {
    let calls = 0
    const t = search.pipe(
      transformTool({
        arguments: { key: { hide: true, compute: () => Promise.resolve(`key ${++calls}`) }, limit: { required: true } },
        mapInput: function* (args: { q: string; limit?: number | undefined; key: string }) {
          const more = yield* Effect.succeed("!")
          return { ...args, q: args.q + more }
        },
        mapOutput: async ({ q, key }: { q: string; key: string }) => ({ both: `${q} ${key}` }),
        output: v.object({ both: v.string() })
      })
    )
    await using wire = await connectWire(empty.tool(t), { speak })
    expect((await wire.request("tools/list")).result.tools[0]).toMatchObject({
      inputSchema: {
        properties: { limit: { type: "integer" } },
        required: ["q", "limit"],
        additionalProperties: false
      },
      outputSchema: { type: "object", properties: { both: { type: "string" } }, required: ["both"] }
    })
    expect((await wire.call("search", { q: "ada", limit: 1 })).structuredContent).toEqual({ both: "ada! key 1" })
    expect((await wire.call("search", { q: "eva", limit: 1 })).structuredContent).toEqual({ both: "eva! key 2" })
    expect(await wire.text("search", { q: "eva" })).toContain("limit: expected a value, received nothing")
    expect(await wire.text("search", { q: "e", limit: 1 })).toContain("q: expected length >=2")
  })

  it("is described for each caller", async () => {
    const t = search.pipe(
      transformTool({ description: ({ client }) => Effect.succeed(`For ${client.info?.name}`), arguments: {} })
    )
    await using wire = await connectWire(empty.tool(t), { speak })
    expect((await wire.request("tools/list")).result.tools[0].description).toBe("For wire")
  })
})

it("takes other values by another schema, and gives the tool what that decodes to", async () => {
  const t = transformTool(
    tool({ name: "at", input: { day: v.number() } }, ({ day }) => ({ day })),
    {
      arguments: {
        day: {
          schema: v.pipe(
            v.picklist(["mon", "tue"]),
            v.transform((d) => (d === "mon" ? 1 : 2))
          )
        }
      }
    }
  )
  await using wire = await connectWire(empty.tool(t))
  expect((await wire.request("tools/list")).result.tools[0].inputSchema).toEqual({
    type: "object",
    properties: { day: { enum: ["mon", "tue"], type: "string" } },
    required: ["day"],
    additionalProperties: false
  })
  expect((await wire.call("at", { day: "tue" })).structuredContent).toEqual({ day: 2 })
  expect(await wire.text("at", { day: 2 })).toContain("day: expected one of the allowed values")
})

it("keeps definitions apart that a replaced schema brings", async () => {
  type Tree = { name: string; kids?: Array<Tree> | undefined }
  const tree: v.GenericSchema<Tree> = v.strictObject({
    name: v.string(),
    kids: v.optional(v.array(v.lazy(() => tree)))
  })
  const base = tool({ name: "t", input: { a: tree, b: v.optional(v.string()) } }, ({ a }) => a)
  const t = transformTool(base, {
    arguments: {
      b: {
        schema: v.optional(
          v.pipe(
            tree,
            v.transform(({ name }) => name)
          )
        )
      }
    }
  })
  await using wire = await connectWire(empty.tool(t))
  const nested = { name: "x", kids: [{ name: "y", kids: [] }] }
  expect((await wire.call("t", { a: nested, b: nested })).structuredContent).toEqual(nested)
  const { inputSchema } = (await wire.request("tools/list")).result.tools[0]
  expect(jsonSchema(inputSchema).decode({ a: nested, b: nested }).ok).toBe(true)
  expect(jsonSchema(inputSchema).decode({ a: nested, b: { name: "x", kids: [{}] } }).ok).toBe(false)
})

it("asks over several rounds as the tool does, and computes anew in each", async () => {
  let computed = 0
  const base = tool({ name: "ask", input: { who: v.string() } }, function* ({ who }) {
    const yes = yield* Elicitation.confirm(`As ${who}?`)
    return { who, yes }
  })
  const t = transformTool(base, {
    arguments: {
      who: {
        hide: true,
        compute: () => {
          computed++
          return "user 1"
        }
      }
    },
    mapOutput: ({ who, yes }) => `${who}: ${yes}`
  })
  await using wire = await connectWire(empty.tool(t), { capabilities: { elicitation: {} } })
  const { text, messages } = await driveTool(wire, "ask")
  expect(text).toBe("user 1: true")
  expect(messages).toEqual([["As user 1?"]])
  expect(computed).toBe(2)
})

it("stands between the middleware used before and after it", async () => {
  const seen: Array<string> = []
  const note = (label: string) =>
    middleware({
      callTool: (next, call) => {
        seen.push(`${label} ${call.name} ${Object.keys(call.args)}`)
        return next(call)
      }
    })
  const t = search.pipe(
    use(note("inside")),
    transformTool({ name: "find", arguments: { q: { name: "query" }, key: { hide: true, value: "k" } } }),
    use(note("outside"))
  )
  await using wire = await connectWire(empty.tool(t))
  await wire.call("find", { query: "ada" })
  expect(seen).toEqual(["outside find query", "inside search q,key"])
})

it("leaves errors and their results alone", async () => {
  const base = tool({ name: "t", input: { how: v.string() } }, ({ how }): { a: number } => {
    if (how === "throw") throw new ToolError("no")
    return result({ content: "wrong", isError: true }) as never
  })
  const t = transformTool(base, { mapOutput: () => "never" })
  await using wire = await connectWire(empty.tool(t))
  expect(await wire.call("t", { how: "throw" })).toMatchObject({ isError: true, content: [{ text: "no" }] })
  expect(await wire.call("t", { how: "give" })).toMatchObject({ isError: true, content: [{ text: "wrong" }] })
})

it("hides what hidden arguments got where they do not fit", async () => {
  const t = transformTool(search, { arguments: { key: { hide: true, compute: () => 5 } } })
  await using wire = await connectWire(empty.tool(t))
  expect(await wire.text("search", { q: "ada" })).toMatch(/^Internal error \(reference \w+\)$/)
})

it("keeps what it gives of a tool that returned text, a number or several pieces", async () => {
  const mapped = (value: unknown) =>
    transformTool(
      tool({ name: "t" }, () => value),
      { mapOutput: (output: unknown) => ({ was: typeof output }) }
    )
  for (const [value, was] of [
    ["text", "string"],
    [5, "number"],
    [{ a: 1 }, "object"],
    [undefined, "undefined"]
  ] as const) {
    await using wire = await connectWire(empty.tool(mapped(value)))
    expect((await wire.call("t")).structuredContent).toEqual({ was })
  }
})

it("changes tools of a server by name, with services that layers give", async () => {
  class Clock_ extends Context.Service<Clock_, { readonly now: number }>()("spec/Clock") {}
  const main = empty
    .tool(search)
    .transform(
      transformTools({
        search: {
          name: "find",
          arguments: { key: { hide: true, compute: () => Effect.map(Clock_, ({ now }) => `${now}`) } }
        }
      })
    )
    .provide(Layer.succeed(Clock_, { now: 7 }))
  await using wire = await connectWire(server({ name: "root", version: "1" }).mount("crm", main))
  expect((await wire.call("crm_find", { q: "ada" })).structuredContent).toEqual({ q: "ada", limit: 10, key: "7" })
  expect(await wire.text("crm_find", {})).toBe(
    'Invalid arguments for tool "crm_find":\n- q: expected string, received nothing'
  )
  expect((await wire.request("tools/call", { name: "crm_search", arguments: {} })).error.message).toContain(
    "Unknown tool"
  )
})

it("moves x-mcp-header along with its argument", async () => {
  const base = tool(
    {
      name: "t",
      input: jsonSchema<{ region: string }>({
        type: "object",
        properties: {
          region: { type: "string", "x-mcp-header": "Region" },
          zone: { type: "string", "x-mcp-header": "Zone" }
        }
      })
    },
    () => 1
  )
  const t = transformTool(base, { arguments: { region: { name: "where" }, zone: { hide: true } } as never })
  expect(t["~mcpipe/Component"].headers).toEqual([{ header: "mcp-param-region", path: ["where"], type: "string" }])
})

const refused = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    if (error instanceof DefinitionError) return error.message
    throw error
  }
  return "accepted"
}

const loose = (options: unknown, base: unknown = search) => refused(() => (transformTool as any)(base, options))

describe("what cannot be is refused as the tool is made", () => {
  it.each([
    [{ nmae: "x" }, 'transformTool of tool "search": there is no option "nmae"; there are name, title, description, '],
    [{ name: "a b" }, 'transformTool of tool "search": name "a b": use 1 to 128 letters'],
    [
      { arguments: { who: {} } },
      'transformTool of tool "search": arguments.who names an argument that does not exist; it has q, limit, key.'
    ],
    [{ arguments: { q: { name: "limit" } } }, 'arguments.q cannot be called "limit", as "limit" is.'],
    [{ arguments: { q: { name: "x" }, limit: { name: "x" } } }, 'arguments.limit cannot be called "x", as "q" is.'],
    [
      { arguments: { key: { hide: true } } },
      "arguments.key is required, so that it can only be hidden with a value or compute."
    ],
    [{ arguments: { key: { hide: true, value: 5 } } }, "arguments.key: value does not fit the argument"],
    [
      { arguments: { key: { hide: true, value: "a", compute: () => 1 } } },
      "arguments.key: give either value or compute."
    ],
    [{ arguments: { key: { hide: true, name: "x" } } }, "arguments.key is hidden, so that name says nothing"],
    [{ arguments: { key: { value: 1 } } }, "arguments.key: value is of hidden arguments; add hide: true."],
    [{ arguments: { limit: { default: "x" } } }, "arguments.limit: default does not fit the argument"],
    [{ arguments: { key: { required: false } } }, "arguments.key is required by the tool; give it a default"],
    [
      { arguments: { key: { schema: v.optional(v.string()) } } },
      "arguments.key is required by the tool; give it a default"
    ],
    [
      { arguments: { key: { required: true, default: "x" } } },
      "arguments.key is required, so that its default is never used"
    ],
    [{ arguments: { key: { shcema: 1 } } }, 'arguments.key: there is no option "shcema"'],
    [{ output: v.string() }, "output describes what mapOutput gives"],
    [{ omit: [] }, "omit is []; use a non-empty array of field paths"],
    [{ omit: ["a..b"] }, "omit: the field path"]
  ])("%j", (options, message) => {
    expect(loose(options)).toContain(message)
  })

  it("arguments of a schema that joins several, and names of one that takes any", () => {
    const either = tool(
      { name: "t", input: v.variant("k", [v.object({ k: v.literal("a") }), v.object({ k: v.literal("b") })]) },
      () => 1
    )
    expect(loose({ arguments: { k: { name: "x" } } }, either)).toContain("names an argument that does not exist")
    const open = tool(
      {
        name: "t",
        input: jsonSchema({ type: "object", properties: { a: {} }, additionalProperties: { type: "string" } })
      },
      () => 1
    )
    expect(loose({ arguments: { a: { name: "x" } } }, open)).toContain("no argument can be renamed or hidden")
    const placed = tool(
      {
        name: "t",
        input: jsonSchema({ type: "object", properties: { a: { type: "string" }, b: { $ref: "#/properties/a" } } })
      },
      () => 1
    )
    expect(loose({ arguments: { a: { name: "x" } } }, placed)).toContain("refers to an argument by its place")
  })

  it("a tool that a server does not have", async () => {
    const main = empty.tool(search).transform(transformTools({ serach: { name: "x" } }))
    await expect(connectWire(main)).rejects.toThrow(
      'the transform "transformTools" names "serach", which is not there; it has search.'
    )
    const second = empty.tool(search).transform(transformTools({ search: { arguments: { who: {} } } }))
    await expect(connectWire(second)).rejects.toThrow("arguments.who names an argument that does not exist")
  })
})
