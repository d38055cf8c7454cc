import { Effect, Layer, middleware, prompt, provides, resource, server, tool } from "mcpipe"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { A } from "../kit/services.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))

const one = tool({ name: "one" }, () => 1)
const two = tool({ name: "two" }, () => 2)
const config = resource({ uri: "config://app", name: "config" }, () => "c")
const user = resource({ uri: "user://{id}", name: "user" }, () => "u")
const hi = prompt({ name: "hi" }, () => "hi")

const names = async (wire: Wire, method = "tools/list", params?: object): Promise<ReadonlyArray<string>> => {
  const { result } = await wire.request(method, params)
  const list = result.tools ?? result.resources ?? result.resourceTemplates ?? result.prompts
  return list.map((item: any) => item.uri ?? item.uriTemplate ?? item.name)
}

describe("a list hook", () => {
  it("filters and alters what its server lists, under the names of that server, mounts included", async () => {
    const seen: Array<ReadonlyArray<string>> = []
    const hooks = middleware({
      *listTools(next, call) {
        const tools = yield* next(call)
        seen.push(tools.map(({ name }) => name))
        return tools.filter(({ name }) => !name.endsWith("two")).map((item) => ({ ...item, title: item.name }))
      },
      listResources: (next, call) =>
        Effect.map(next(call), (items) => {
          seen.push(items.map(({ uri }) => uri))
          return []
        }),
      listResourceTemplates: (next, call) =>
        Effect.map(next(call), (items) => {
          seen.push(items.map(({ uriTemplate }) => uriTemplate))
          return items
        }),
      listPrompts: (next, call) =>
        Effect.map(next(call), (items) => {
          seen.push(items.map(({ name }) => name))
          return items
        })
    })
    const leaf = server(info("leaf")).add(one, two, config, user, hi)
    const middle = server(info("middle")).tool(two).mount("l", leaf).use(hooks)
    await using wire = await connectWire(server(info("root")).tool(two).mount("m", middle))
    const { result } = await wire.request("tools/list")
    expect(result.tools.map(({ name, title }: any) => [name, title])).toEqual([
      ["two", undefined],
      ["m_l_one", "l_one"]
    ])
    expect(await names(wire, "resources/list")).toEqual([])
    expect(await names(wire, "resources/templates/list")).toEqual(["user://m/l/{id}"])
    expect(await names(wire, "prompts/list")).toEqual(["m_l_hi"])
    expect(seen).toEqual([["two", "l_one", "l_two"], ["config://l/app"], ["user://l/{id}"], ["l_hi"]])
  })

  it("finds services: its server's layers, and what middleware before it provides", async () => {
    const say = middleware({
      *listTools(next, call) {
        const { value } = yield* A
        return (yield* next(call)).map((item) => ({ ...item, title: value }))
      }
    })
    const layered = server(info("l"))
      .tool(one)
      .use(say)
      .provide(Layer.succeed(A, { value: "layer" }))
    const provided = server(info("p"))
      .tool(one)
      .use(provides(A, () => ({ value: "middleware" })))
      .use(say)
    await using wire = await connectWire(server(info("root")).mount("l", layered).mount("p", provided))
    const { result } = await wire.request("tools/list")
    expect(result.tools.map(({ name, title }: any) => [name, title])).toEqual([
      ["l_one", "layer"],
      ["p_one", "middleware"]
    ])
  })

  it("that filters leaves pages that hold together", async () => {
    const odd = middleware({
      listTools: (next, call) => Effect.map(next(call), (all) => all.filter((_, i) => i % 2 === 0))
    })
    const tools = Array.from({ length: 7 }, (_, i) => tool({ name: `t${i}` }, () => i))
    await using wire = await connectWire(
      server({ ...info("s"), pageSize: 3 })
        .add(...tools)
        .use(odd)
    )
    expect(await pages(wire)).toEqual([["t0", "t2", "t4"], ["t6"]])
  })

  it("that adds items leaves pages whose cursors are accepted", async () => {
    const more = middleware({
      listTools: (next, call) =>
        Effect.map(next(call), (all) => [...all, { ...all[0]!, name: "x" }, { ...all[0]!, name: "y" }])
    })
    await using wire = await connectWire(
      server({ ...info("s"), pageSize: 2 })
        .add(one, two)
        .use(more)
    )
    expect(await pages(wire)).toEqual([
      ["one", "two"],
      ["x", "y"]
    ])
  })

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("secret")
      }
    ],
    ["succeeds with undefined", () => Effect.void],
    ["succeeds with what is no list", () => Effect.succeed({ tools: [] })]
  ])("that %s is a masked error, and the other lists are served", async (_, hook) => {
    await using wire = await connectWire(
      server(info("s"))
        .add(one, hi)
        .use(middleware({ listTools: hook as never }))
    )
    expect((await wire.request("tools/list")).error).toEqual({
      code: -32603,
      message: expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/)
    })
    expect(await names(wire, "prompts/list")).toEqual(["hi"])
  })
})

it.each([
  ["listTools", "tools/list", { name: "x" }, "tools, each with a name and inputSchema"],
  ["listTools", "tools/list", { name: "x", inputSchema: null }, "tools, each with a name and inputSchema"],
  ["listResources", "resources/list", { name: "x" }, "resources, each with a name and uri"],
  [
    "listResourceTemplates",
    "resources/templates/list",
    { name: "x", uri: "x://{id}" },
    "resource templates, each with a name and uriTemplate"
  ],
  ["listPrompts", "prompts/list", { name: 1 }, "prompts, each with a name"]
])("a hook %s that gives an item no client could read fails %s: %j", async (hook, method, item, wanted) => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {})
  const gives = middleware({ [hook]: () => Effect.succeed([item]) } as never)
  await using wire = await connectWire(
    server(info("s"))
      .add(
        one,
        hi,
        resource({ uri: "x://r" }, () => ""),
        resource({ uri: "x://d/{id}" }, () => "")
      )
      .use(gives)
  )
  expect((await wire.request(method)).error.code).toBe(-32603)
  expect(logged.mock.calls.join()).toContain(`The middleware hook ${hook} must return an array of ${wanted}, as`)
  logged.mockRestore()
})

describe("lists", () => {
  it("show a server's own components in the order they were added, then its mounts in theirs", async () => {
    const child = server(info("child")).add(two, one)
    await using wire = await connectWire(server(info("s")).mount("b", child).add(one, two).mount("a", child))
    expect(await names(wire)).toEqual(["one", "two", "b_two", "b_one", "a_two", "a_one"])
  })

  it("are cut into pages of the size asked for, the last one without a cursor", async () => {
    const tools = Array.from({ length: 4 }, (_, i) => tool({ name: `t${i}` }, () => i))
    await using wire = await connectWire(server({ ...info("s"), pageSize: 2 }).add(...tools))
    expect(await pages(wire)).toEqual([
      ["t0", "t1"],
      ["t2", "t3"]
    ])
  })

  it("are the same objects' worth of JSON each time, however a client treats what it got", async () => {
    await using wire = await connectWire(server(info("s")).tool(one))
    const first = await wire.request("tools/list")
    const text = JSON.stringify(first.result)
    first.result.tools.length = 0
    expect(JSON.stringify((await wire.request("tools/list")).result)).toBe(text)
  })
})

const pages = async (wire: Wire): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  const all: Array<ReadonlyArray<string>> = []
  let cursor: string | undefined
  do {
    const answer = await wire.request("tools/list", cursor === undefined ? {} : { cursor })
    if (answer.error !== undefined) throw new Error(answer.error.message)
    all.push(answer.result.tools.map(({ name }: any) => name))
    cursor = answer.result.nextCursor
  } while (cursor !== undefined && all.length < 10)
  return all
}
