import { accept, connect } from "../../lib/testing/index.ts"
import fc from "fast-check"
import {
  Content,
  DefinitionError,
  Effect,
  Elicitation,
  jsonSchema,
  Prompt,
  prompt,
  Resource,
  resource,
  result,
  server,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { Cuts } from "../../lib/middleware/cuts.ts"
import { cutValue } from "../../lib/middleware/cut-value.ts"
import { responseLimit } from "../../lib/middleware/response-limit.ts"
import { connectWire } from "../kit/wire.ts"
import { inEachEra, info } from "../testing/eras.ts"

const speak = { handshake: "2025-11-25", sessionless: "sessionless" } as const
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length
const truncated = (result: any) => result._meta["mcpipe/truncated"]
const limit = 2_000

/** A result as middleware sees it: without what 2026-07-28 puts on each answer. */
const withoutEnvelope = ({ resultType: _, ...answer }: any) => {
  const { "io.modelcontextprotocol/serverInfo": __, ...meta } = answer._meta ?? {}
  return { ...answer, _meta: Object.keys(meta).length === 0 ? undefined : meta }
}

describe("responseLimit", () => {
  inEachEra((era) => {
    const callOf = async (s: any, options: object = {}, name = "t") => {
      await using wire = await connectWire(s.use(responseLimit({ maxBytes: limit, ...options })), { speak: speak[era] })
      return wire.call(name)
    }

    it("leaves what is short alone", async () => {
      const s = server(info).tool(tool({ name: "t" }, () => ({ a: 1 })))
      await using plain = await connectWire(s, { speak: speak[era] })
      expect(await callOf(s)).toEqual(await plain.call("t"))
    })

    it("cuts text between two characters, ends it with the suffix and says what is missing", async () => {
      const s = server(info).tool(tool({ name: "t" }, () => "😀é".repeat(1_000)))
      const { content, _meta, isError } = await callOf(s, { suffix: "..." })
      expect(isError).toBeUndefined()
      expect(content[0].text).toMatch(/^(?:😀é)+😀?\.\.\.$/u)
      const kept = content[0].text.length - 3
      expect(_meta["mcpipe/truncated"]).toEqual({
        maxBytes: limit,
        cut: [{ path: "$.content[0].text", kept, of: 3_000, unit: "characters" }]
      })
      expect(bytes({ content, _meta })).toBeLessThanOrEqual(limit)
      expect(bytes(content)).toBeGreaterThan(limit * 0.7)
    })

    it("keeps short parts whole, drops what is no text with a note of its size, and text gets the room", async () => {
      const s = server(info).tool(
        tool({ name: "t" }, () => [
          Content.text("first"),
          Content.image(new Uint8Array(5_000), "image/png"),
          Content.text("x".repeat(5_000), { annotations: { priority: 1 } }),
          Content.file({ name: "a.bin", data: new Uint8Array(7_000) }),
          Content.file({ name: "a.json", data: JSON.stringify(Array.from({ length: 3_000 }, () => 1)) }),
          Content.text("last")
        ])
      )
      const { content, _meta } = await callOf(s)
      expect(content.map(({ text }: any) => text)).toEqual([
        "first",
        "[image/png of 5000 bytes left out: too long for this answer]",
        expect.stringMatching(/^x{500,}… \[truncated\]$/),
        "[application/octet-stream of 7000 bytes left out: too long for this answer]",
        "[application/json of 6001 bytes left out: too long for this answer]",
        "last"
      ])
      expect(content[2].annotations).toEqual({ priority: 1 })
      expect(_meta["mcpipe/truncated"].cut.map(({ path }: any) => path)).toEqual(
        ["[1]", "[2].text", "[3]", "[4]"].map((at) => `$.content${at}`).slice(0, _meta["mcpipe/truncated"].cut.length)
      )
    })

    it("leaves out the end of a long list of parts, and says how many", async () => {
      const s = server(info).tool(
        tool({ name: "t" }, () => Array.from({ length: 1_000 }, (_, i) => Content.text(`${i}`)))
      )
      const answer = await callOf(s)
      expect(answer.content.at(-1).text).toBe(
        `[${1_001 - answer.content.length} more left out: too long for this answer]`
      )
      expect(answer.content.at(-2).text).toBe(`${answer.content.length - 2}`)
    })

    it("cuts lists and strings of structured results, in its text as well, and they stay valid", async () => {
      const output = v.strictObject({
        total: v.number(),
        rows: v.array(v.strictObject({ id: v.number(), note: v.string() }))
      })
      const rows = Array.from({ length: 500 }, (_, id) => ({ id, note: `"quoted" ${id}` }))
      const s = server(info).tool(tool({ name: "t", output }, () => ({ total: rows.length, rows })))
      const answer = await callOf(s)
      const { structuredContent, content } = answer
      expect(answer.isError).toBeUndefined()
      expect(structuredContent.total).toBe(500)
      expect(structuredContent.rows).toEqual(rows.slice(0, structuredContent.rows.length))
      expect(structuredContent.rows.length).toBeGreaterThan(5)
      expect(JSON.parse(content[0].text)).toEqual(structuredContent)
      expect(truncated(answer).cut).toEqual([
        { path: "$.structuredContent.rows", kept: structuredContent.rows.length, of: 500, unit: "items" }
      ])
    })

    it("becomes an error that says how to ask for less, where cutting would break the output schema", async () => {
      const output = v.strictObject({ codes: v.pipe(v.array(v.string()), v.minLength(1_000)) })
      const t = tool(
        { name: "t", output, input: { pageSize: v.optional(v.number()), x: v.optional(v.number()) } },
        () => ({
          codes: Array.from({ length: 1_000 }, (_, i) => `code ${i}`)
        })
      )
      const answer = await callOf(server(info).tool(t))
      expect(answer).toMatchObject({
        isError: true,
        content: [
          {
            type: "text",
            text: 'The result of tool "t" takes more than 2000 bytes, and cutting it would break it. Ask for less; these arguments may help: pageSize.'
          }
        ]
      })
      expect(answer.structuredContent).toBeUndefined()
    })

    it("becomes an error at once where that is wanted, and cuts only what it is told to", async () => {
      const s = server(info).tool(tool({ name: "t" }, () => "x".repeat(5_000)))
      expect((await callOf(s, { onLimit: "error" })).content[0].text).toBe(
        'The result of tool "t" takes more than 2000 bytes. Ask for less: fewer items, a smaller range or fewer fields.'
      )
      expect((await callOf(s, { except: ["t"] })).content[0].text).toHaveLength(5_000)
    })

    it("cuts contents of resources and messages of prompts; JSON and blobs are left out whole", async () => {
      const s = server(info)
        .resource(resource({ uri: "x://text" }, () => "é".repeat(5_000)))
        .resource(resource({ uri: "x://json" }, () => [Resource.json("x".repeat(5_000)), Resource.text("short")]))
        .resource(resource({ uri: "x://blob" }, () => new Uint8Array(5_000)))
        .prompt(prompt({ name: "p" }, () => [Prompt.assistant("x".repeat(5_000)), Prompt.user("short")]))
      await using wire = await connectWire(server(info).mount("m", s.use(responseLimit({ maxBytes: limit }))), {
        speak: speak[era]
      })
      const read = async (name: string) =>
        (await wire.request("resources/read", { uri: `x://m/${name}` })).result.contents
      const [text] = await read("text")
      expect(text).toMatchObject({ uri: "x://m/text", text: expect.stringMatching(/^é{500,}… \[truncated\]$/) })
      expect(truncated(text)).toEqual({ maxBytes: limit, kept: text.text.length - 13, of: 5_000, unit: "characters" })
      expect(await read("json")).toEqual([
        {
          uri: "x://m/json",
          mimeType: "text/plain",
          text: "[application/json of 5002 bytes left out: too long for this answer]",
          _meta: { "mcpipe/truncated": { maxBytes: limit, kept: 0, of: 5_002, unit: "bytes" } }
        },
        { uri: "x://m/json", mimeType: "text/plain", text: "short" }
      ])
      expect(await read("blob")).toMatchObject([
        { text: "[application/octet-stream of 5000 bytes left out: too long for this answer]" }
      ])
      const got = (await wire.request("prompts/get", { name: "m_p" })).result
      expect(got.messages).toMatchObject([
        { role: "assistant", content: { text: expect.stringMatching(/^x{500,}… \[truncated\]$/) } },
        { role: "user", content: { text: "short" } }
      ])
      expect(truncated(got).cut).toMatchObject([{ path: "$.messages[0].content.text", of: 5_000 }])
    })

    it("fails a read or prompt that may not be cut", async () => {
      const s = server(info)
        .resource(resource({ uri: "x://y" }, () => "x".repeat(5_000)))
        .prompt(prompt({ name: "p" }, () => "x".repeat(5_000)))
        .use(responseLimit({ maxBytes: limit, onLimit: "error" }))
      await using wire = await connectWire(s, { speak: speak[era] })
      expect((await wire.request("resources/read", { uri: "x://y" })).error).toEqual({
        code: -32603,
        message: 'The result of resource "x://y" takes more than 2000 bytes.'
      })
      expect((await wire.request("prompts/get", { name: "p" })).error).toEqual({
        code: -32603,
        message: 'The result of prompt "p" takes more than 2000 bytes.'
      })
    })

    it("cuts the last round of a tool that asks", async () => {
      const t = tool({ name: "t" }, function* () {
        yield* Elicitation.confirm("Sure?")
        return "x".repeat(5_000)
      })
      await using client = await connect(
        server(info)
          .tool(t)
          .use(responseLimit({ maxBytes: limit })),
        {
          era,
          elicitation: [accept({ ok: true })]
        }
      )
      expect(await client.call(t)).toMatchObject([{ text: expect.stringMatching(/^x+… \[truncated\]$/) }])
    })
  })

  const texts = fc.string({ unit: "binary", maxLength: 3_000, size: "max" })
  const rows = fc.array(fc.record({ id: fc.integer(), note: fc.string({ maxLength: 400, size: "max" }) }), {
    maxLength: 20,
    size: "max"
  })

  it("always gives valid JSON within the limit that fits the schema, or an error", async () => {
    let given: any
    const document = {
      type: "object",
      properties: {
        name: { type: "string", maxLength: 3_000 },
        kind: { enum: ["a", "b"] },
        rows: {
          type: "array",
          minItems: 2,
          items: {
            type: "object",
            properties: { id: { type: "integer" }, note: { type: "string" } },
            required: ["id", "note"]
          }
        },
        more: {}
      },
      required: ["name", "kind", "rows"]
    } as const
    const schema = jsonSchema(document)
    const t = tool({ name: "t", output: schema }, () => given)
    const free = tool({ name: "free" }, () => given)
    const s = server(info)
      .add(t, free)
      .use(responseLimit({ maxBytes: limit, suffix: "…" }))
    await using wire = await connectWire(s)
    let cut = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({ name: texts, kind: fc.constantFrom("a", "b"), rows, more: fc.jsonValue() }),
        fc.boolean(),
        async (value, withContent) => {
          fc.pre(value.rows.length >= 2)
          given = withContent ? result({ content: [Content.text(value.name), "own"], structured: value }) : value
          for (const name of ["t", "free"]) {
            const answer = await wire.call(name)
            expect(bytes(withoutEnvelope(answer))).toBeLessThanOrEqual(limit)
            if (answer.isError === true) {
              expect(answer.content[0].text).toMatch(/^The result of tool/)
              continue
            }
            if (answer._meta?.["mcpipe/truncated"] === undefined) {
              expect(answer.structuredContent).toEqual(JSON.parse(JSON.stringify(value)))
              continue
            }
            cut++
            if (name === "t") expect(schema.decode(answer.structuredContent).ok).toBe(true)
            if (!withContent) expect(JSON.parse(answer.content[0].text)).toEqual(answer.structuredContent)
          }
        }
      ),
      { numRuns: 200, endOnFailure: true }
    )
    expect(cut).toBeGreaterThan(50)
  })

  it("takes 100 MB of text and of rows", async () => {
    const big = "x".repeat(100_000_000)
    const many = Array.from({ length: 250_000 }, (_, id) => ({ id, note: "n".repeat(400) }))
    const s = server(info)
      .tool(tool({ name: "text" }, () => big))
      .tool(tool({ name: "rows" }, () => result({ content: "rows", structured: { rows: many } })))
      .use(responseLimit())
    await using wire = await connectWire(s)
    const { content } = await wire.call("text")
    expect(content[0].text.length).toBeGreaterThan(900_000)
    const answer = await wire.call("rows")
    expect(answer.structuredContent.rows.length).toBeGreaterThan(2_000)
  })

  it("looks at what does not fit no oftener than a few times, and copies none of it", () => {
    let reads = 0
    const row = Object.defineProperty({}, "note", {
      enumerable: true,
      get: () => {
        reads++
        return "x".repeat(90)
      }
    })
    const rows = Array.from({ length: 100_000 }, () => row)
    const cut = cutValue({ rows, total: 1 }, 10_000, "", new Cuts(10_000, 1_000), "$") as { rows: Array<unknown> }
    expect(cut.rows.length).toBeGreaterThan(90)
    expect(cut.rows.every((one) => one === row)).toBe(true)
    expect(reads).toBeLessThan(6 * cut.rows.length)
  })

  it.each([
    [{ maxBytes: 100 }, "responseLimit: maxBytes is 100; use an integer from 1024 to 1099511627776, in bytes."],
    [{ suffix: 1 }, "responseLimit: suffix is 1; use a text of at most 100 bytes."],
    [{ onLimit: "drop" }, 'responseLimit: onLimit is "drop"; use "truncate" or "error".']
  ])("refuses %j", (options, message) => {
    expect(() => responseLimit(options as never)).toThrow(new DefinitionError(message))
  })

  it("passes an interruption on", async () => {
    const t = tool({ name: "t" }, () => Effect.never)
    await using client = await connect(server(info).tool(t).use(responseLimit()))
    const cancel = new AbortController()
    const called = client.call(t, {}, { signal: cancel.signal })
    cancel.abort(new Error("enough"))
    await expect(called).rejects.toThrow("enough")
  })
})
