import * as Effect from "effect/Effect"
import { middleware, server, TryAgainLater, tool, visibleTo } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { describe as describing, toolSearch } from "../../lib/transforms/index.ts"
import { wordFinder } from "../../lib/transforms/search-index.ts"
import { wordsOf } from "../../lib/transforms/bm25.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { driveTool } from "../kit/rounds.ts"
import { connectWire, gate } from "../kit/wire.ts"

const empty = server({ name: "s", version: "1" })

const find = tool(
  {
    name: "find_customer",
    title: "Customer lookup",
    description: "Looks a customer up",
    input: { email: v.pipe(v.string(), v.description("Mail address")) }
  },
  ({ email }) => ({ email })
)
const invoices = tool(
  { name: "listInvoices", description: "All open bills of a customer", input: { year: v.number() } },
  ({ year }) => `bills of ${year}`
)
const help = tool({ name: "help" }, () => "help")
const admin = tool({ name: "wipe_customer", description: "Removes a customer" }, () => "gone").pipe(
  visibleTo(({ principal }) => principal.scopes.includes("admin"))
)
class Broken extends Error {}
const broken = tool({ name: "broken", errors: [Broken] }, (): string => {
  throw new Broken("pipe is broken")
})

const main = empty.add(find, invoices, help, admin, broken).transform(toolSearch({ alwaysVisible: "help" }))

describe.each(["sessionless", "2025-11-25"] as const)("in the era of %s, tool search", (speak) => {
  it("serves two tools in place of all, finds and calls", async () => {
    await using wire = await connectWire(main, { speak })
    const { tools } = (await wire.request("tools/list")).result
    expect(tools.map(({ name }: any) => name)).toEqual(["help", "search_tools", "call_tool"])
    const found = async (query: string) =>
      (await wire.call("search_tools", { query })).structuredContent.tools.map(({ name }: any) => name)
    expect(await found("customer")).toEqual(["find_customer", "listInvoices"])
    expect(await found("invoice")).toEqual(["listInvoices"])
    expect(await found("mail addresses")).toEqual(["find_customer"])
    expect(await found("help")).toEqual([])
    expect((await wire.call("search_tools", { query: "lookup" })).structuredContent.tools).toEqual([
      {
        name: "find_customer",
        title: "Customer lookup",
        description: "Looks a customer up",
        inputSchema: {
          type: "object",
          properties: { email: { type: "string", description: "Mail address" } },
          required: ["email"],
          additionalProperties: false
        }
      }
    ])
    const call = (name: string, args?: object) =>
      wire.call("call_tool", { name, ...(args === undefined ? {} : { arguments: args }) })
    expect((await call("find_customer", { email: "a@b" })).structuredContent).toEqual({ email: "a@b" })
    expect(await call("find_customer", {})).toMatchObject({
      isError: true,
      content: [{ text: 'Invalid arguments for tool "find_customer":\n- email: expected string, received nothing' }]
    })
    expect(await call("broken")).toMatchObject({ isError: true, content: [{ text: "pipe is broken" }] })
    for (const gone of ["wipe_customer", "nothing", "call_tool"]) {
      expect(await call(gone)).toMatchObject({
        isError: true,
        content: [{ text: `There is no tool "${gone}". search_tools finds the ones there are.` }]
      })
    }
    const direct = await wire.request("tools/call", { name: "find_customer", arguments: { email: "x" } })
    expect(direct.error.message).toContain("Unknown tool")
  })
})

it("shows callers what they alone may see", async () => {
  const scoped = tool({ name: "wipe" }, () => "gone").pipe(visibleTo(({ client }) => client.info?.name === "wire"))
  const other = tool({ name: "wipe_all" }, () => "gone").pipe(visibleTo(({ client }) => client.info?.name !== "wire"))
  await using wire = await connectWire(empty.add(scoped, other).transform(toolSearch()))
  expect((await wire.call("search_tools", { query: "wipe" })).structuredContent.tools).toMatchObject([{ name: "wipe" }])
  expect(await wire.text("call_tool", { name: "wipe" })).toBe("gone")
  expect(await wire.text("call_tool", { name: "wipe_all" })).toContain("There is no tool")
})

it("searches with regular expressions, which a model may get wrong", async () => {
  const options = { strategy: "regex", limit: 2, searchTool: "grep", callTool: "run" } as const
  await using wire = await connectWire(empty.add(find, invoices, help).transform(toolSearch(options)))
  const found = async (pattern: string) =>
    (await wire.call("grep", { pattern })).structuredContent.tools.map(({ name }: any) => name)
  expect(await found("^(find|list)")).toEqual(["find_customer", "listInvoices"])
  expect(await found("customer")).toEqual(["find_customer", "listInvoices"])
  expect(await found("BILLS?\\b")).toEqual(["listInvoices"])
  expect(await found(".*")).toHaveLength(2)
  expect(await wire.call("grep", { pattern: "(a" })).toMatchObject({
    isError: true,
    content: [{ text: 'The pattern "(a" cannot be used: a ( has no ) behind it; write \\(.' }]
  })
  expect(await wire.text("grep", { pattern: "x".repeat(201) })).toContain("pattern: expected length <=200")
})

it("middleware used before sees the real tool, limits included; middleware used after sees the one that calls", async () => {
  const seen: Array<string> = []
  const note = (label: string) =>
    middleware({
      request: (next, { method, name, round }) =>
        Effect.map(next, (outcome) => {
          seen.push(`${label} ${method} ${name} ${round} ${outcome.outcome}`)
          return outcome
        }),
      callTool: (next, call) => {
        seen.push(`${label} ${call.name} ${JSON.stringify(call.args)}`)
        return next(call)
      }
    })
  let calls = 0
  const once = middleware((next) =>
    calls++ === 0 ? next : Effect.fail(new TryAgainLater("Slow down.", { retryAfter: 1 }))
  )
  const limited = empty.add(help, broken).use(note("in")).use(once).transform(toolSearch()).use(note("out"))
  await using wire = await connectWire(empty.mount("m", limited))
  expect(await wire.text("m_call_tool", { name: "help" })).toBe("help")
  expect(seen).toEqual([
    'out call_tool {"name":"help"}',
    "in help {}",
    "in tools/call help 0 complete",
    "out tools/call call_tool 0 complete"
  ])
  expect(await wire.text("m_call_tool", { name: "help" })).toBe("Slow down.")
  calls = 0
  seen.length = 0
  expect(await wire.text("m_call_tool", { name: "broken" })).toBe("pipe is broken")
  expect(seen.at(-2)).toBe("in tools/call broken 0 error")
})

it("calls tools that ask over several rounds, and hooks around requests know the round", async () => {
  const rounds: Array<string> = []
  const ask = tool({ name: "ask" }, function* () {
    const first = yield* Elicitation.confirm("One?")
    const second = yield* Elicitation.confirm("Two?")
    return `${first} ${second}`
  })
  const note = middleware({
    request: (next, { name, round }) =>
      Effect.tap(next, ({ outcome }) => Effect.sync(() => rounds.push(`${name} ${round} ${outcome}`)))
  })
  const served = empty.tool(ask).use(note).transform(toolSearch())
  await using wire = await connectWire(served, { capabilities: { elicitation: {} } })
  const withName = {
    request: (method: string, params?: any) => wire.request(method, { ...params, arguments: { name: "ask" } })
  }
  const { text, messages } = await driveTool(withName, "call_tool")
  expect(text).toBe("true true")
  expect(messages).toEqual([["One?"], ["Two?"]])
  expect(rounds).toEqual(["ask 0 paused", "ask 1 paused", "ask 2 complete"])
})

it("a client that goes away interrupts the real tool", async () => {
  const started = gate()
  const stopped = gate()
  const slow = tool({ name: "slow" }, () =>
    Effect.onInterrupt(
      Effect.andThen(
        Effect.sync(() => started.open()),
        Effect.never
      ),
      () => Effect.sync(() => stopped.open())
    )
  )
  await using wire = await connectWire(empty.tool(slow).transform(toolSearch()), { speak: "2025-11-25" })
  void wire.request("tools/call", { name: "call_tool", arguments: { name: "slow" } })
  await started.opened
  wire.notify("notifications/cancelled", { requestId: wire.lastId() })
  await stopped.opened
})

it("finds by descriptions as they are for the caller, among hundreds of tools", async () => {
  const many = Array.from({ length: 300 }, (_, i) =>
    tool({ name: `tool_${i}`, description: `Does thing ${i}` }, () => i)
  )
  const served = empty
    .add(...many)
    .transform(describing({ tool_7: ({ client }) => `Greets ${client.info?.name}` }), toolSearch({ limit: 3 }))
  await using wire = await connectWire(served)
  const found = async (query: string) => (await wire.call("search_tools", { query })).structuredContent.tools
  expect((await found("greet wire")).map(({ name }: any) => name)).toEqual(["tool_7"])
  expect(await found("thing")).toHaveLength(3)
  expect((await found("thing 123"))[0].name).toBe("tool_123")
})

it("an index is made once for the same texts, and few are kept", () => {
  const finder = wordFinder()
  let read = 0
  const texts = (name: string) => [
    {
      name,
      title: "",
      get description() {
        read++
        return "words"
      },
      args: ""
    }
  ]
  finder(texts("a"), "words")
  expect(read).toBe(2)
  finder(texts("a"), "words")
  expect(read).toBe(3)
  for (let i = 0; i < 8; i++) finder(texts(`b${i}`), "words")
  read = 0
  finder(texts("a"), "words")
  expect(read).toBe(2)
})

it("reads words as people write names", () => {
  expect(wordsOf("listInvoices_by-customer2 HTTPServer entries 顧客")).toEqual([
    "list",
    "invoice",
    "by",
    "customer",
    "2",
    "httpserver",
    "entry",
    "顧",
    "客"
  ])
})

it("refuses options that say nothing", async () => {
  expect(() => toolSearch({ limit: 0 })).toThrow("toolSearch(…): limit is 0; use an integer from 1 to 100.")
  expect(() => toolSearch({ strategy: "fuzzy" } as never)).toThrow('strategy is "fuzzy"; use "bm25" or "regex".')
  expect(() => toolSearch({ searchTool: "x", callTool: "x" })).toThrow('searchTool and callTool are both "x".')
  expect(() => toolSearch({ max: 1 } as never)).toThrow('there is no option "max"')
  expect(() => toolSearch({ callTool: "a b" })).toThrow('callTool: "a b": use 1 to 128 letters')
  await expect(connectWire(empty.tool(help).transform(toolSearch({ alwaysVisible: "hepl" })))).rejects.toThrow(
    'names "hepl"'
  )
})
