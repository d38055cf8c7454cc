import { type Completion, Effect, middleware, prompt, resource, server, tool } from "mcpipe"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))

const many = Array.from({ length: 150 }, (_, i) => `v${i}`)
const ask = (name: string, value = "", more: object = {}) => ({
  ref: { type: "ref/prompt", name: "p" },
  argument: { name, value },
  ...more
})

const p = prompt(
  {
    name: "p",
    args: {
      plain: v.string(),
      list: v.string(),
      total: v.string(),
      async: v.string(),
      effect: v.string(),
      bad: v.string()
    },
    complete: {
      list: () => many,
      total: () => ({ values: ["a"], total: 7, hasMore: true }),
      async: async (prefix, others) => [prefix, ...Object.values(others)],
      effect: (prefix) => Effect.succeed([prefix]),
      bad: () => [1] as never
    }
  },
  () => "p"
)

describe("a completion", () => {
  it.each<[string, object, object]>([
    [
      "sends the first 100 of many values, and how many there are",
      ask("list"),
      { values: many.slice(0, 100), total: 150, hasMore: true }
    ],
    ["keeps the total it was given", ask("total"), { values: ["a"], total: 7, hasMore: true }],
    [
      "knows what was typed and what is settled",
      ask("async", "x", { context: { arguments: { plain: "y" } } }),
      { values: ["x", "y"], total: 2, hasMore: false }
    ],
    ["may be an Effect", ask("effect", "x"), { values: ["x"], total: 1, hasMore: false }],
    ["is empty for an argument that has none", ask("plain"), { values: [] }]
  ])("%s", async (_, params, completion) => {
    await using wire = await connectWire(server(info("s")).prompt(p))
    expect((await wire.request("completion/complete", params)).result.completion).toEqual(completion)
  })

  it("that gives what is no list of strings is masked", async () => {
    await using wire = await connectWire(server(info("s")).prompt(p))
    expect((await wire.request("completion/complete", ask("bad"))).error.message).toMatch(/^Internal error/)
  })

  it("of a mounted template is found by the template's text or by a URI of it, inside all middleware", async () => {
    const seen: Array<Completion> = []
    const watch = middleware({
      complete: (next, call) => {
        seen.push(call)
        return Effect.map(next({ ...call, prefix: `${call.prefix}!` }), ({ values }) => ({
          values: values.map((s) => `${s}?`)
        }))
      }
    })
    const user = resource({ uri: "user://{id}", complete: { id: (prefix) => [`${prefix}1`] } }, () => "u")
    await using wire = await connectWire(server(info("s")).mount("m", server(info("c")).resource(user).use(watch)))
    for (const uri of ["user://m/{id}", "user://m/42"]) {
      const params = { ref: { type: "ref/resource", uri }, argument: { name: "id", value: "a" } }
      expect((await wire.request("completion/complete", params)).result.completion.values).toEqual(["a!1?"])
    }
    expect(seen[0]).toMatchObject({ component: user, argument: "id", prefix: "a", others: {} })
  })

  it("is not advertised, and not served, where nothing completes", async () => {
    await using wire = await connectWire(server(info("s")).tool(tool({ name: "t" }, () => 1)))
    expect((await wire.request("server/discover")).result.capabilities).toEqual({ logging: {}, tools: {} })
    for (const method of ["completion/complete", "prompts/list", "resources/read"]) {
      expect((await wire.request(method)).error).toEqual({
        code: -32601,
        message: `Method not found: "${method}"; this server has nothing to serve it with.`
      })
    }
  })
})
