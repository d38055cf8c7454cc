import {
  Data,
  Effect,
  method,
  extension,
  middleware,
  prompt,
  PublicError,
  resource,
  Resource,
  ResourceNotFound,
  result,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import * as Fiber from "effect/Fiber"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

/** Everything that was written to stderr. */
const logged = () => log.mock.calls.flat().map(String).join("\n")

class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
class Gone extends Error {}
class Quiet extends Data.TaggedError("Quiet")<{}> {}

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

const ways: ReadonlyArray<readonly [string, () => any]> = [
  [
    "throws an Error",
    () => {
      throw new Error("secret 42")
    }
  ],
  [
    "throws a string",
    () => {
      throw "secret 42"
    }
  ],
  ["rejects", async () => Promise.reject(new Error("secret 42"))],
  ["rejects with undefined", () => Promise.reject()],
  ["fails", () => Effect.fail(new NotFound({ id: "secret 42" }))],
  ["dies", () => Effect.die(new Error("secret 42"))],
  [
    "throws in a generator",
    function* () {
      yield* Effect.void
      throw new Error("secret 42")
    }
  ],
  ["interrupts itself", () => Effect.interrupt],
  ["waits for a fiber that was interrupted", () => Effect.flatMap(Effect.forkChild(Effect.interrupt), Fiber.join)],
  ["returns a BigInt", () => ({ n: 1n })],
  ["returns a circle", () => cyclic],
  ["returns a function", () => () => 1],
  ["returns a Map", () => new Map()],
  [
    "returns what throws when it is read",
    () => ({
      get x() {
        throw new Error("secret 42")
      }
    })
  ],
  ["returns metadata that is no JSON", () => result({ content: "x", meta: { n: 1n } })]
]

describe("what goes wrong in a handler that", () => {
  it.each(ways)("%s reaches the client as a reference, and the log with that reference", async (_, handler) => {
    await using wire = await connectWire(server(info).tool(tool({ name: "t" }, handler)))
    const answer = await wire.request("tools/call", { name: "t" })
    expect(answer.error).toBeUndefined()
    const { isError, content } = answer.result
    expect(isError).toBe(true)
    expect(content[0].text).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    expect(logged()).toContain(`tool "t" failed (reference ${/[0-9a-f]{8}/.exec(content[0].text)![0]})`)
    expect(log).toHaveBeenCalledTimes(1)
  })

  it.each(ways.slice(0, 9))("%s is an error of the same kind for a resource and a prompt", async (_, handler) => {
    const s = server(info)
      .resource(resource({ uri: "x://y" }, handler))
      .prompt(prompt({ name: "p" }, handler))
    await using wire = await connectWire(s)
    for (const [method_, params, subject] of [
      ["resources/read", { uri: "x://y" }, 'resource "x://y"'],
      ["prompts/get", { name: "p" }, 'prompt "p"']
    ] as const) {
      const { error } = await wire.request(method_, params)
      expect(error).toEqual({
        code: -32603,
        message: expect.stringMatching(/^Internal error \(reference [0-9a-f]{8}\)$/)
      })
      expect(logged()).toContain(`${subject} failed (reference ${/[0-9a-f]{8}/.exec(error.message)![0]})`)
    }
  })

  it.each<[string, () => any]>([
    ["contents", () => 1n],
    ["metadata", () => Resource.text("x", { meta: { n: 1n } })]
  ])("returns %s of a resource that are no JSON is masked, and logged with its reference", async (_, handler) => {
    await using wire = await connectWire(server(info).resource(resource({ uri: "x://y" }, handler)))
    const { error } = await wire.request("resources/read", { uri: "x://y" })
    expect(error.message).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    expect(logged()).toContain(/[0-9a-f]{8}/.exec(error.message)![0])
  })

  it("belongs to an extension is masked too", async () => {
    const search = extension({ id: "com.example/x", methods: { "x/bad": method({}, () => ({ n: 1n })) } })
    await using wire = await connectWire(server(info).add(search), {
      capabilities: { extensions: { "com.example/x": {} } }
    })
    const { error } = await wire.request("x/bad")
    expect(error.message).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    expect(logged()).toContain(/[0-9a-f]{8}/.exec(error.message)![0])
  })

  it("throws shows all of it in dev mode, with the reference", async () => {
    const bad = tool({ name: "t" }, () => {
      throw new Error("secret 42")
    })
    await using wire = await connectWire(server(info).tool(bad), { dev: true })
    const text = await wire.text("t")
    expect(text).toMatch(/^Error: secret 42\n {4}at [\s\S]*failure\.spec\.ts[\s\S]*\(reference [0-9a-f]{8}\)$/)
    expect(logged()).toContain(/reference ([0-9a-f]{8})/.exec(text)![1])
  })
})

describe("an error that clients may see", () => {
  it.each<[string, () => any, string]>([
    [
      "ToolError, thrown",
      () => {
        throw new ToolError("sold out")
      },
      "sold out"
    ],
    ["ToolError, rejected", () => Promise.reject(new ToolError("sold out")), "sold out"],
    ["ToolError, failed", () => Effect.fail(new ToolError("sold out")), "sold out"],
    ["ToolError, as a defect", () => Effect.die(new ToolError("sold out")), "sold out"],
    ["PublicError, failed", () => Effect.fail(new PublicError("closed")), "closed"],
    ["declared class, thrown", () => Promise.reject(new Gone("gone for good")), "gone for good"],
    ["declared tagged class without a message", () => Effect.fail(new Quiet()), "Quiet"]
  ])("(%s) keeps its message", async (_, handler, text) => {
    const shown = tool({ name: "t", errors: [Gone, Quiet] }, handler)
    const s = server(info)
      .tool(shown)
      .prompt(prompt({ name: "p", errors: [Gone, Quiet] }, handler))
    await using wire = await connectWire(s)
    expect(await wire.call("t")).toMatchObject({ isError: true, content: [{ text }] })
    expect((await wire.request("prompts/get", { name: "p" })).error).toEqual({ code: -32603, message: text })
    expect(log).not.toHaveBeenCalled()
  })

  it("is declared by each component for itself", async () => {
    const throws = () => {
      throw new Gone("gone for good")
    }
    await using wire = await connectWire(
      server(info).add(tool({ name: "shows", errors: [Gone] }, throws), tool({ name: "hides" }, throws))
    )
    expect(await wire.text("shows")).toBe("gone for good")
    expect(await wire.text("hides")).toMatch(/^Internal error/)
  })

  it("keeps its code and data where it ends a resource or prompt", async () => {
    const closed = () => Effect.fail(new PublicError("closed", { code: 12, data: { until: "noon" } }))
    await using wire = await connectWire(server(info).resource(resource({ uri: "x://y" }, closed)))
    const { error } = await wire.request("resources/read", { uri: "x://y" })
    expect(error).toEqual({ code: 12, message: "closed", data: { until: "noon" } })
  })
})

describe("a resource that is not there", () => {
  const listed = "resources/list and resources/templates/list name the ones there are."
  const eras = [
    ["2026-07-28", "sessionless", -32602],
    ["2025-11-25", "2025-11-25", -32002],
    ["2024-11-05", "2024-11-05", -32002]
  ] as const
  const missing: ReadonlyArray<readonly [string, (error: Error) => any]> = [
    [
      "thrown",
      (error) => {
        throw error
      }
    ],
    ["rejected", (error) => Promise.reject(error)],
    ["failed", (error) => Effect.fail(error)]
  ]
  const told = eras.flatMap(([revision, speak, code]) =>
    missing.map(([how, end]) => [revision, how, speak, code, end] as const)
  )

  it.each(told)("is told a client of %s as one that no template matches, with the reason (%s)", async (...row) => {
    const [, , speak, code, end] = row
    const users = resource({ uri: "user://{id}" }, ({ id }) =>
      end(id === "7" ? new ResourceNotFound("user 7 has left") : new ResourceNotFound())
    )
    await using wire = await connectWire(server(info).mount("crm", server(info).add(users)), { speak })
    const read = async (uri: string) => (await wire.request("resources/read", { uri })).error
    expect(await read("user://crm/7")).toEqual({
      code,
      message: `Resource not found: "user://crm/7" (user 7 has left). ${listed}`,
      data: { uri: "user://crm/7" }
    })
    expect(await read("user://crm/8")).toEqual({
      code,
      message: `Resource not found: "user://crm/8". ${listed}`,
      data: { uri: "user://crm/8" }
    })
    expect(await read("nobody://crm/8")).toEqual({
      code,
      message: `Resource not found: "nobody://crm/8". ${listed}`,
      data: { uri: "nobody://crm/8" }
    })
    expect(log).not.toHaveBeenCalled()
  })

  it("may be said by a class of one's own, and by middleware", async () => {
    class NoUser extends ResourceNotFound {
      constructor(id: string) {
        super(`no user ${id}`)
      }
    }
    const users = resource({ uri: "user://{id}" }, ({ id }) => Effect.fail(new NoUser(id)))
    const hidden = resource({ uri: "config://app" }, () => "secret")
    const hide = middleware({
      readResource: (next, read) =>
        read.uri.startsWith("config:") ? Effect.fail(new ResourceNotFound("hidden")) : next(read)
    })
    await using wire = await connectWire(server(info).add(users, hidden).use(hide))
    expect((await wire.request("resources/read", { uri: "user://1" })).error).toMatchObject({
      code: -32602,
      message: `Resource not found: "user://1" (no user 1). ${listed}`
    })
    expect((await wire.request("resources/read", { uri: "config://app" })).error).toMatchObject({
      code: -32602,
      message: `Resource not found: "config://app" (hidden). ${listed}`
    })
  })
})

describe("a result that breaks its own output schema", () => {
  it("is masked for the client and told to the log", async () => {
    const liar = tool({ name: "liar", output: v.object({ n: v.number() }) }, (() => ({ n: "one" })) as never)
    await using wire = await connectWire(server(info).tool(liar))
    expect(await wire.text("liar")).toMatch(/^Internal error/)
    expect(logged()).toContain('The result of tool "liar" does not match its output schema')
  })
})
