import { Content, Data, Effect, jsonSchema, middleware, PublicError, result, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { ClientUnsupported } from "../../lib/services/ask-errors.ts"
import { Elicitation } from "../../lib/services/elicitation.ts"
import { UrlElicitationRequired } from "../../lib/services/elicitation-url.ts"
import { accept, connect, RequestError } from "../../lib/testing/index.ts"
import { inEachEra, info } from "./eras.ts"

class NoNote extends Data.TaggedError("NoNote")<{ readonly id: string }> {
  override get message() {
    return `No note ${this.id}.`
  }
}
class Secret extends Error {}

/** What a promise was rejected with. */
const errorOf = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => undefined,
    (error) => error
  )

const give = <A>(name: string, value: A) => tool({ name }, () => value)

inEachEra((era) => {
  describe("a call resolves with what the handler gave", () => {
    it.each<[string, unknown]>([
      ["a string", "hi"],
      ["an empty string", ""],
      ["a string that looks like a number", "42"],
      ["a number", 42],
      ["not a number", Number.NaN],
      ["infinity", Number.POSITIVE_INFINITY],
      ["true", true],
      ["null", null],
      ["an object", { rows: [1, "two"], none: null }],
      ["an empty array", []],
      ["an array", [1, [2]]],
      ["an object that looks wrapped", { result: 5 }],
      ["an object that looks wrapped around an object", { result: { a: 1 } }],
      ["nothing", undefined]
    ])("%s", async (_, value) => {
      const given = give("give", value)
      await using client = await connect(server(info).tool(given), { era })
      expect(await client.call(given)).toStrictEqual(value)
      expect(await client.call("give")).toStrictEqual(value)
    })

    it("from an Effect, a generator or a promise alike", async () => {
      const effect = tool({ name: "effect", input: { n: v.number() } }, ({ n }) => Effect.succeed(n + 1))
      const generator = tool({ name: "generator", input: { n: v.number() } }, function* ({ n }) {
        return yield* Effect.succeed(n + 1)
      })
      const promise = tool({ name: "promise", input: { n: v.number() } }, async ({ n }) => n + 1)
      await using client = await connect(server(info).add(effect, generator, promise), { era })
      for (const one of [effect, generator, promise]) expect(await client.call(one, { n: 1 })).toBe(2)
    })

    it("content as an array of blocks, also where it is one text", async () => {
      const one = give("one", Content.text("a"))
      const two = give("two", [Content.text("a"), Content.image("AAAA", "image/png")])
      const made = give("made", result({ content: "a", meta: { took: 1 } }))
      await using client = await connect(server(info).add(one, two, made), { era })
      const text = { type: "text", text: "a" }
      expect(await client.call(one)).toStrictEqual([text])
      expect(await client.call(two)).toStrictEqual([text, { type: "image", data: "AAAA", mimeType: "image/png" }])
      expect(await client.call(made)).toStrictEqual([text])
    })

    it("its JSON: dates are strings, and nothing of it is an object of the server's", async () => {
      const rows = [{ at: new Date(0) }]
      const dated = give("dated", { rows, whole: undefined })
      await using client = await connect(server(info).tool(dated), { era })
      const got = await client.call(dated)
      expect(got).toStrictEqual({ rows: [{ at: "1970-01-01T00:00:00.000Z" }] })
      expect(got.rows).not.toBe(rows)
    })

    it.each([
      [v.string(), "a"],
      [v.number(), 1],
      [v.array(v.number()), [1]],
      [v.strictObject({ result: v.number() }), { result: 1 }],
      [v.nullable(v.boolean()), null],
      [jsonSchema({ type: "integer" }), 7]
    ])("through an output schema", async (output, value) => {
      const given = tool({ name: "given", output }, () => value as never)
      await using client = await connect(server(info).tool(given), { era })
      expect(await client.call(given)).toStrictEqual(value)
      expect(await client.call("given")).toStrictEqual(value)
    })

    it("as middleware has left it", async () => {
      const given = give("given", "a")
      const shout = middleware({
        callTool: (next, call) => Effect.map(next(call), () => result({ content: "A", structured: { loud: true } }))
      })
      await using client = await connect(server(info).tool(given).use(shout), { era })
      expect(await client.call(given)).toStrictEqual({ loud: true })
    })

    it("and a handler gets a copy of the arguments", async () => {
      const args = { list: [1] }
      const push = tool({ name: "push", input: { list: v.array(v.number()) } }, ({ list }) => list.push(2))
      await using client = await connect(server(info).tool(push), { era })
      expect(await client.call(push, args)).toBe(2)
      expect(args).toEqual({ list: [1] })
    })
  })

  describe("a call that fails", () => {
    it.each<[string, (error: Error) => unknown]>([
      [
        "thrown",
        (error) => {
          throw error
        }
      ],
      ["rejected", (error) => Promise.reject(error)],
      ["failed", (error) => Effect.fail(error)],
      ["a defect", (error) => Effect.die(error)]
    ])("rejects with the very error, where clients may see it: %s", async (_, raise) => {
      const declared = new NoNote({ id: "7" })
      const spoken = new ToolError("Not today.")
      const published = new PublicError("Ask later.", { code: 4 })
      const t = tool({ name: "t", input: { n: v.number() }, errors: [NoNote] }, ({ n }) =>
        raise([declared, spoken, published][n]!)
      )
      await using client = await connect(server(info).tool(t), { era })
      const caught = await Promise.all([0, 1, 2].map((n) => errorOf(client.call(t, { n }))))
      expect(caught[0]).toBe(declared)
      expect(caught[1]).toBe(spoken)
      expect(caught[2]).toBe(published)
      await expect(client.call(t, { n: 0 })).rejects.toBeInstanceOf(NoNote)
    })

    it("rejects with a ToolError for any other, which tells in its cause what no client is told", async () => {
      const t = tool({ name: "t" }, () => Promise.reject(new Secret("the password is 1234")))
      await using client = await connect(server(info).tool(t), { era })
      const error = await errorOf(client.call(t))
      expect(error).toBeInstanceOf(ToolError)
      expect(error.message).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
      expect(error.cause).toBeInstanceOf(Secret)
      expect(JSON.stringify(client.traffic)).not.toContain("1234")
    })

    it("rejects with a ToolError for arguments that the tool does not take", async () => {
      const t = tool({ name: "t", input: { n: v.number() } }, () => 1)
      await using client = await connect(server(info).tool(t), { era })
      const error = await errorOf(client.call("t", { n: "one" }))
      expect(error).toBeInstanceOf(ToolError)
      expect(error.message).toContain('Invalid arguments for tool "t"')
    })

    it("rejects with a ToolError for a result that says so, with what is structured in it as data", async () => {
      const t = tool({ name: "t" }, () =>
        result({ content: ["Full.", "Ask."], structured: { left: 0 }, isError: true })
      )
      await using client = await connect(server(info).tool(t), { era })
      const error = await errorOf(client.call(t))
      expect(error).toBeInstanceOf(ToolError)
      expect(error).toMatchObject({ message: "Full.\nAsk.", data: { left: 0 } })
    })

    it("rejects with a RequestError where there is no such tool, or a hook refuses the request", async () => {
      const t = give("t", 1)
      const closed = middleware((next, { method }) =>
        method === "tools/call" ? Effect.fail(new PublicError("Closed.", { code: 7, data: { until: 8 } })) : next
      )
      await using client = await connect(server(info).tool(t), { era })
      await expect(client.call("u")).rejects.toMatchObject({
        name: "RequestError",
        code: -32602,
        message: 'Unknown tool: "u". tools/list names the ones there are.'
      })
      await using refused = await connect(server(info).tool(t).use(closed), { era })
      const error = await errorOf(refused.call(t))
      expect(error).toBeInstanceOf(RequestError)
      expect(error).toMatchObject({ code: 7, message: "Closed.", data: { until: 8 } })
    })

    it("is a failure of the handler too where the protocol has an error of its own for it", async () => {
      const visit = [{ message: "Log in", url: "https://example.com/in" }]
      const ask = tool({ name: "ask" }, () => Elicitation.confirm("Sure?"))
      const link = tool({ name: "link" }, () => Elicitation.urlRequired(visit))
      await using shy = await connect(server(info).add(ask, link), { era })
      const unsupported = await shy.attempt(ask)
      expect(unsupported).toMatchObject({
        ok: false,
        error: {
          message: 'The question "Sure?" needs elicitation; this client does not support that here.',
          requiredCapabilities: { elicitation: {} }
        }
      })
      expect(!unsupported.ok && unsupported.error).toBeInstanceOf(ClientUnsupported)
      await using able = await connect(server(info).add(ask, link), { era, elicitation: [accept()] })
      const linked = await able.attempt(link)
      if (era === "sessionless") expect(linked).toEqual({ ok: true, value: undefined })
      else {
        expect(linked).toMatchObject({ ok: false, error: { elicitations: [visit[0]] } })
        expect(!linked.ok && linked.error).toBeInstanceOf(UrlElicitationRequired)
      }
    })
  })

  describe("attempt and callEffect", () => {
    const t = tool({ name: "t", input: { n: v.number() }, errors: [NoNote] }, ({ n }) =>
      n > 0 ? Effect.succeed(n) : Effect.fail(new NoNote({ id: String(n) }))
    )

    it("give the value, or the failure as a value", async () => {
      await using client = await connect(server(info).tool(t), { era })
      expect(await client.attempt(t, { n: 1 })).toEqual({ ok: true, value: 1 })
      const failed = await client.attempt(t, { n: 0 })
      expect(!failed.ok && failed.error).toEqual(new NoNote({ id: "0" }))
      expect(await Effect.runPromise(client.callEffect(t, { n: 1 }))).toBe(1)
      const caught = Effect.catchTag(client.callEffect(t, { n: 0 }), "NoNote", ({ id }) => Effect.succeed(`no ${id}`))
      expect(await Effect.runPromise(caught)).toBe("no 0")
    })

    it("reject, or die, where it was not the tool that failed", async () => {
      await using client = await connect(server(info).tool(t), { era })
      await expect(client.attempt("u")).rejects.toBeInstanceOf(RequestError)
      const survived = Effect.catch(client.callEffect("u"), () => Effect.succeed("caught"))
      await expect(Effect.runPromise(survived)).rejects.toBeInstanceOf(RequestError)
    })
  })

  it("a call whose arguments are no JSON is not sent", async () => {
    const t = tool({ name: "t", input: jsonSchema({ type: "object" }) }, () => 1)
    await using client = await connect(server(info).tool(t), { era })
    const before = client.traffic.length
    await expect(client.call(t, { n: 1n })).rejects.toThrow("tools/call: the params cannot be sent: ")
    expect(client.traffic).toHaveLength(before)
  })
})
