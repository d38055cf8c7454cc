import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import fc from "fast-check"
import {
  Content,
  Data,
  DefinitionError,
  Effect,
  jsonSchema,
  type Middleware,
  middleware,
  Prompt,
  PublicError,
  prompt,
  Resource,
  resource,
  result,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it } from "vitest"
import { redact, type RedactOptions } from "../../lib/middleware/redact.ts"
import { connectWire } from "../kit/wire.ts"

const info = { name: "redacting", version: "1.0.0" }
const mail = "ann@x.org"
const eras = ["sessionless", "2025-11-25"] as const

/** Whatever else a revision puts on a result. */
const bare = ({ resultType: _, ttlMs: __, cacheScope: ___, _meta, ...rest }: any) => rest

class Declared extends Data.TaggedError("Declared")<{ readonly message: string }> {}

describe.each(eras)("redact, spoken to in %s", (speak) => {
  const opts: RedactOptions = { fields: ["user.ssn", "**.pin"], patterns: ["email", "card"] }

  it("redacts structured content and the JSON text of it alike", async () => {
    const find = tool({ name: "find" }, () => ({ user: { ssn: "123", mail }, n: 4111111111111111, fine: [1] }))
    await using wire = await connectWire(server(info).use(redact(opts)).tool(find), { speak })
    const { content, structuredContent } = await wire.call("find")
    expect(structuredContent).toEqual({
      user: { ssn: "[redacted]", mail: "[redacted]" },
      n: "[redacted]",
      fine: [1]
    })
    expect(content).toEqual([{ type: "text", text: JSON.stringify(structuredContent) }])
  })

  it("redacts text, embedded text, links and metadata, and nothing that is bytes or a URI", async () => {
    const many = tool({ name: "many" }, () =>
      result({
        content: [
          Content.text(`a ${mail}`, { meta: { by: mail }, annotations: { priority: 1 } }),
          Content.text("fine"),
          Content.embedded({ uri: "x://ann@x.org", mimeType: "text/plain", text: `b ${mail}` }),
          Content.link({ uri: "x://ann@x.org/1", name: "l", title: mail, description: mail }),
          Content.image(new Uint8Array([1]), "image/png", { meta: { pin: 1 } }),
          Content.text(`{ "user": { "ssn": 5 } }`)
        ],
        meta: { pin: 5, other: 6 }
      })
    )
    await using wire = await connectWire(server(info).use(redact(opts)).tool(many), { speak })
    const answer = await wire.call("many")
    expect(answer.content).toEqual([
      { type: "text", text: "a [redacted]", _meta: { by: "[redacted]" }, annotations: { priority: 1 } },
      { type: "text", text: "fine" },
      { type: "resource", resource: { uri: "x://ann@x.org", mimeType: "text/plain", text: "b [redacted]" } },
      { type: "resource_link", uri: "x://ann@x.org/1", name: "l", title: "[redacted]", description: "[redacted]" },
      { type: "image", data: "AQ==", mimeType: "image/png", _meta: { pin: "[redacted]" } },
      { type: "text", text: `{"user":{"ssn":"[redacted]"}}` }
    ])
    expect(answer._meta).toMatchObject({ pin: "[redacted]", other: 6 })
  })

  it("redacts text that a handler wrote as JSON, in its fields and behind escapes, and keeps how it is indented", async () => {
    const t = tool({ name: "t", input: { text: v.string() } }, ({ text }) => text)
    await using wire = await connectWire(server(info).use(redact(opts)).tool(t), { speak })
    const made = (text: string) => wire.text("t", { text })
    expect(await made(JSON.stringify({ pin: 1, b: [`x\n${mail}`] }, undefined, 2))).toBe(
      JSON.stringify({ pin: "[redacted]", b: ["x\n[redacted]"] }, undefined, 2)
    )
    expect(await made(`["ann\\u0040x.org"]`)).toBe(`["[redacted]"]`)
    expect(await made(`{"a": "${mail}", "a": "b"}`)).toBe(`{"a":"b"}`)
    expect(await made(String.raw`{"user": {"ssn": 1}, "user": "\":"}`)).toBe(String.raw`{"user":"\":"}`)
    expect(await made(`{"a": 1 ${mail}`)).toBe(`{"a": 1 [redacted]`)
    const untouched = `{ "n": 12345678901234567890 }`
    expect(await made(untouched)).toBe(untouched)
  })

  it("redacts results that are errors, and the messages and data of public errors", async () => {
    const fails = (name: string, error: () => unknown, errors: Array<any> = []) =>
      tool({ name, errors }, () => Effect.fail(error()))
    const s = server(info)
      .use(redact(opts))
      .add(
        tool({ name: "result" }, () => result({ content: `no ${mail}`, isError: true })),
        tool({ name: "input", input: { a: v.picklist(["x"]) } }, () => ""),
        fails("tool", () => new ToolError(`no ${mail}`)),
        tool({ name: "thrown" }, () => {
          throw new PublicError(`no ${mail}`)
        }),
        tool({ name: "died" }, () => Effect.die(new ToolError(`no ${mail}`))),
        fails("declared", () => new Declared({ message: `no ${mail}` }), [Declared]),
        fails("private", () => new Error(`no ${mail}`))
      )
      .resource(resource({ uri: "x://fails" }, () => Effect.fail(new PublicError(`no ${mail}`, { data: { pin: 1 } }))))
      .provide(Logger.layer([]))
    await using wire = await connectWire(s, { speak })
    for (const name of ["result", "tool", "thrown", "died", "declared"]) {
      expect(bare(await wire.call(name))).toEqual({ isError: true, content: [{ type: "text", text: "no [redacted]" }] })
    }
    expect((await wire.call("input", { a: mail })).content[0].text).toContain(`received "[redacted]"`)
    expect((await wire.call("private")).content[0].text).toMatch(/^Internal error \(reference \w+\)$/)
    expect((await wire.request("resources/read", { uri: "x://fails" })).error).toEqual({
      code: -32603,
      message: "no [redacted]",
      data: { pin: "[redacted]" }
    })
  })

  it("redacts resource contents, prompt messages and completions", async () => {
    const s = server(info)
      .use(redact(opts))
      .resource(resource({ uri: "x://json" }, () => ({ user: { ssn: 1 }, mail })))
      .resource(
        resource({ uri: "x://parts" }, () => [
          Resource.text(mail, { meta: { pin: 1 } }),
          Resource.blob(new Uint8Array([1])),
          Resource.text("fine")
        ])
      )
      .prompt(
        prompt({ name: "p", args: { a: v.string() }, complete: { a: () => [mail, "fine"] } }, () =>
          Prompt.result({
            messages: [Prompt.user(mail), Prompt.assistant("fine"), Prompt.user(Content.text(`{"pin":1}`))],
            description: mail
          })
        )
      )
    await using wire = await connectWire(s, { speak })
    const read = async (uri: string) => (await wire.request("resources/read", { uri })).result.contents
    expect(await read("x://json")).toEqual([
      { uri: "x://json", mimeType: "application/json", text: `{"user":{"ssn":"[redacted]"},"mail":"[redacted]"}` }
    ])
    expect(await read("x://parts")).toEqual([
      { uri: "x://parts", mimeType: "text/plain", text: "[redacted]", _meta: { pin: "[redacted]" } },
      { uri: "x://parts", mimeType: "application/octet-stream", blob: "AQ==" },
      { uri: "x://parts", mimeType: "text/plain", text: "fine" }
    ])
    expect(bare((await wire.request("prompts/get", { name: "p", arguments: { a: "b" } })).result)).toEqual({
      description: "[redacted]",
      messages: [
        { role: "user", content: { type: "text", text: "[redacted]" } },
        { role: "assistant", content: { type: "text", text: "fine" } },
        { role: "user", content: { type: "text", text: `{"pin":"[redacted]"}` } }
      ]
    })
    const completed = await wire.request("completion/complete", {
      ref: { type: "ref/prompt", name: "p" },
      argument: { name: "a", value: "" }
    })
    expect(completed.result.completion.values).toEqual(["[redacted]", "fine"])
  })

  it("covers what is mounted, links included, and knows it by the parent's names", async () => {
    const child = server({ name: "child", version: "1" })
      .add(
        tool({ name: "a" }, () => [Content.link(Resource.ref("user://1"), { title: mail }), Content.text(mail)]),
        tool({ name: "b" }, () => mail)
      )
      .resource(resource({ uri: "user://1" }, () => mail))
      .prompt(prompt({ name: "p" }, () => [Prompt.user(Content.link(Resource.ref("user://1"))), Prompt.user(mail)]))
    const s = server(info)
      .use(redact({ ...opts, except: ["crm_b"] }))
      .mount("crm", child)
    await using wire = await connectWire(s, { speak })
    const { content } = await wire.call("crm_a")
    expect(content).toEqual([
      { type: "resource_link", uri: "user://crm/1", name: "1", title: "[redacted]" },
      { type: "text", text: "[redacted]" }
    ])
    expect(await wire.text("crm_b")).toBe(mail)
    const read = await wire.request("resources/read", { uri: "user://crm/1" })
    expect(read.result.contents).toEqual([{ uri: "user://crm/1", mimeType: "text/plain", text: "[redacted]" }])
    const got = await wire.request("prompts/get", { name: "crm_p" })
    expect(got.result.messages.map(({ content }: any) => content.uri ?? content.text)).toEqual([
      "user://crm/1",
      "[redacted]"
    ])
  })

  it("on a child keeps the references in what it redacts", async () => {
    const child = server({ name: "child", version: "1" })
      .use(redact(opts))
      .tool(tool({ name: "a" }, () => Content.link(Resource.ref("user://1"), { title: mail })))
      .resource(resource({ uri: "user://1" }, () => Resource.text(mail, { uri: Resource.ref("user://1") })))
    await using wire = await connectWire(server(info).mount("crm", child), { speak })
    expect((await wire.call("crm_a")).content).toEqual([
      { type: "resource_link", uri: "user://crm/1", name: "1", title: "[redacted]" }
    ])
    const read = await wire.request("resources/read", { uri: "user://crm/1" })
    expect(read.result.contents[0]).toEqual({ uri: "user://crm/1", mimeType: "text/plain", text: "[redacted]" })
  })
})

describe("redact and output schemas", () => {
  const person = {
    name: "person",
    output: v.strictObject({
      name: v.string(),
      age: v.number(),
      zip: v.optional(v.number()),
      tags: v.array(v.string())
    })
  }
  const value = { name: mail, age: 44, zip: 12345, tags: [mail] }
  const called = async (options: RedactOptions, t = tool(person, () => value)) => {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause }) => void logged.push(Cause.pretty(cause)))
    const s = server(info)
      .use(redact(options))
      .tool(t)
      .provide(Logger.layer([logger]))
    await using wire = await connectWire(s)
    return { answer: await wire.call(t.name), logged }
  }

  it("keep strings strings", async () => {
    const { answer } = await called({ patterns: ["email"], fields: ["name"] })
    expect(answer.structuredContent).toEqual({ ...value, name: "[redacted]", tags: ["[redacted]"] })
  })

  it("take the value a field says", async () => {
    const { answer } = await called({ fields: [{ path: "age", with: 0 }] })
    expect(answer.structuredContent).toEqual({ ...value, age: 0 })
  })

  it("lose optional members that do not fit any more, in the text as well", async () => {
    const { answer } = await called({ fields: ["zip"] })
    const { zip: _, ...rest } = value
    expect(answer.structuredContent).toEqual(rest)
    expect(JSON.parse(answer.content[0].text)).toEqual(rest)
  })

  it("end in a masked error that names the field, and never its value, where a member has to stay", async () => {
    const { answer, logged } = await called({ fields: ["age"] })
    expect(answer.isError).toBe(true)
    expect(answer.content[0].text).toMatch(/^Internal error \(reference \w+\)$/)
    expect(logged).toHaveLength(1)
    expect(logged[0]).toContain(
      'redact: the result of tool "person" does not match its output schema once it is redacted. Give age a value that fits, as in { path, with: 0 }, or make it optional:\n- age: expected number, received "[redacted]"'
    )
    const [words] = logged[0]!.split("\n    at ")
    expect(words).not.toContain("44")
  })

  it("are those that clients read, not what the handler returns", async () => {
    const t = tool(
      {
        name: "when",
        output: v.strictObject({
          at: v.pipe(
            v.date(),
            v.transform((date) => date.toISOString()),
            v.string()
          ),
          mail: v.string()
        })
      },
      () => ({ at: new Date(0), mail })
    )
    await using wire = await connectWire(
      server(info)
        .use(redact({ patterns: ["email"] }))
        .tool(t)
    )
    expect((await wire.call("when")).structuredContent).toEqual({ at: "1970-01-01T00:00:00.000Z", mail: "[redacted]" })
    const format = tool(
      {
        name: "format",
        output: jsonSchema({ type: "object", properties: { a: { type: "string", format: "email" } }, required: ["a"] })
      },
      () => ({ a: mail })
    )
    const { answer } = await called({ patterns: ["email"] }, format as never)
    expect(answer.isError).toBe(true)
  })
})

describe("redact", () => {
  it("is for the methods and names it is told", async () => {
    const s = server(info)
      .use(redact({ patterns: ["email"], methods: ["tools/call"], only: ["a", "x://{id}"] }))
      .add(
        tool({ name: "a" }, () => mail),
        tool({ name: "b" }, () => mail)
      )
      .resource(resource({ uri: "x://{id}" }, () => mail))
      .prompt(prompt({ name: "a" }, () => mail))
    await using wire = await connectWire(s)
    expect([await wire.text("a"), await wire.text("b")]).toEqual(["[redacted]", mail])
    const read = await wire.request("resources/read", { uri: "x://1" })
    expect(read.result.contents[0].text).toBe(mail)
    expect((await wire.request("prompts/get", { name: "a" })).result.messages[0].content.text).toBe(mail)
    const t = server(info)
      .use(redact({ patterns: ["email"], only: ["x://{id}"] }))
      .add(tool({ name: "a" }, () => mail))
      .resource(resource({ uri: "x://{id}" }, () => mail))
    await using other = await connectWire(t)
    expect((await other.request("resources/read", { uri: "x://1" })).result.contents[0].text).toBe("[redacted]")
    expect(await other.text("a")).toBe(mail)
  })

  it("hands on the very result where there is nothing to hide", async () => {
    const seen: Array<unknown> = []
    const watch = middleware({
      callTool: (next, call) => Effect.tap(next(call), (given) => Effect.sync(() => void seen.push(given)))
    })
    const s = server(info)
      .use(watch)
      .use(redact({ patterns: ["email"], fields: ["x"] }))
      .use(watch)
      .tool(tool({ name: "a" }, () => ({ fine: true })))
    await using wire = await connectWire(s)
    await wire.call("a")
    expect(seen).toHaveLength(2)
    expect(seen[0]).toBe(seen[1])
  })

  it("shows middleware around it, and request hooks, the redacted result alone", async () => {
    const seen: Array<unknown> = []
    const s = server(info)
      .use(
        middleware(function* (next) {
          const outcome = yield* next
          seen.push(JSON.stringify(outcome.result), outcome.message)
          return outcome
        })
      )
      .use(redact({ patterns: ["email"] }))
      .add(
        tool({ name: "a" }, () => mail),
        tool({ name: "b" }, () => Effect.fail(new ToolError(mail)))
      )
    await using wire = await connectWire(s)
    await wire.call("a")
    await wire.call("b")
    const content = '"content":[{"type":"text","text":"[redacted]"}]'
    expect(seen).toEqual([`{${content}}`, undefined, `{${content},"isError":true}`, "[redacted]"])
  })

  it.each(eras)("lets no planted secret out in %s, wherever a handler puts it", async (speak) => {
    let value: any
    const s = server(info)
      .use(redact({ patterns: ["email"], fields: ["**.pin"] }))
      .add(
        tool({ name: "data" }, () => value),
        tool({ name: "text" }, () => JSON.stringify(value, undefined, 1)),
        tool({ name: "fails" }, () => Effect.fail(new PublicError(JSON.stringify(value), { data: value })))
      )
      .resource(resource({ uri: "x://data" }, () => value))
      .prompt(prompt({ name: "p" }, () => JSON.stringify(value)))
    await using wire = await connectWire(s, { speak })
    const secret = "Planted.Secret@example.org"
    const json = fc.jsonValue({ maxDepth: 3 })
    const planted = fc
      .tuple(
        json,
        fc.constantFrom(secret, `a\n${secret}"`),
        fc.array(fc.oneof(fc.string(), fc.nat(2)), { maxLength: 4 })
      )
      .map(([other, text, place]) =>
        place.reduce<unknown>(
          (inner, key) => (typeof key === "string" ? { pin: secret, [key]: inner } : [other, inner].slice(0, key + 1)),
          { note: text, [text]: other }
        )
      )
    await fc.assert(
      fc.asyncProperty(planted, async (given) => {
        value = { given, pin: secret }
        const answers = [
          await wire.call("data"),
          await wire.call("text"),
          await wire.call("fails"),
          await wire.request("resources/read", { uri: "x://data" }),
          await wire.request("prompts/get", { name: "p" })
        ]
        for (const answer of answers) {
          const text = JSON.stringify(answer)
          expect(text).toContain("[redacted]")
          expect(text).not.toContain("Secret@")
        }
      }),
      { numRuns: 100 }
    )
  })

  it("reads long JSON text member by member, also with patterns that would not run on all of it", async () => {
    const rows = JSON.stringify(Array.from({ length: 20_000 }, (_, n) => ({ id: n, note: "fine" })))
    const t = tool({ name: "t", input: { last: v.string() } }, ({ last }) =>
      rows.replace('"fine"', JSON.stringify(last))
    )
    await using wire = await connectWire(
      server(info)
        .use(redact({ patterns: [/secret/] }))
        .tool(t)
    )
    expect(await wire.text("t", { last: "fine" })).toBe(rows)
    expect(await wire.text("t", { last: "a secret" })).toBe(rows.replace("fine", "a [redacted]"))
  })

  it("goes through ten megabytes within seconds, as text and as data", async () => {
    const text = `some words and ${mail}, `.repeat(420_000)
    const rows = Array.from({ length: 100_000 }, (_, n) => ({ id: n, mail, words: "nothing to see here at all" }))
    const s = server(info)
      .use(redact({ patterns: ["email", "card", "token", "phone", "iban"], fields: ["[].id"] }))
      .add(
        tool({ name: "text" }, () => text),
        tool({ name: "rows" }, () => rows)
      )
    await using wire = await connectWire(s)
    expect((await wire.text("text")).includes("@")).toBe(false)
    const { structuredContent, content } = await wire.call("rows")
    expect(structuredContent).toHaveLength(100_000)
    expect(structuredContent[99_999]).toEqual({ id: "[redacted]", mail: "[redacted]", words: rows[0]!.words })
    expect(content[0].text.includes("@")).toBe(false)
  })

  it("lets a cancelled call end as cancelled", async () => {
    const ended: Array<string> = []
    const t = tool({ name: "t" }, () =>
      Effect.andThen(
        Effect.sync(() => void ended.push("began")),
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("interrupted")))
      )
    )
    await using wire = await connectWire(
      server(info)
        .use(redact({ patterns: ["email"] }))
        .add(
          t,
          tool({ name: "next" }, () => "")
        ),
      { speak: "2025-11-25" }
    )
    void wire.request("tools/call", { name: "t" })
    const id = wire.lastId()
    await wire.call("next")
    wire.notify("notifications/cancelled", { requestId: id })
    await wire.call("next")
    expect(ended).toEqual(["began", "interrupted"])
    expect(wire.received.some((message) => message.id === id)).toBe(false)
  })

  it.each<[string, unknown]>([
    [
      'redact: there is no option "field"; there are fields, ignoreCase, patterns, replace, key, maxString, methods, only, except.',
      { field: [] }
    ],
    ["redact: name at least one of fields or patterns; there is nothing to hide.", { only: ["a"] }],
    [
      "redact: only is [5]; use names, in which * stands for anything, { tag }, a function, or an array of these.",
      { patterns: ["email"], only: [5] }
    ],
    ["redact: only is []; pick something, or leave it out.", { patterns: ["email"], only: [] }],
    [
      'redact: "a" is in only and in except; leave it in one of them.',
      { patterns: ["email"], only: ["a"], except: ["a"] }
    ],
    [
      'redact: methods is ["tools/list"]; use an array of some of tools/call, resources/read, prompts/get, completion/complete.',
      { patterns: ["email"], methods: ["tools/list"] }
    ]
  ])("refuses options: %s", (message, options) => {
    expect(() => redact(options as RedactOptions)).toThrow(new DefinitionError(message))
  })

  it("is typed: it needs and gives no services, and options it does not have do not compile", () => {
    expectTypeOf(redact({ patterns: ["email"] })).toEqualTypeOf<Middleware>()
    // @ts-expect-error
    expect(() => redact({ pattern: ["email"] })).toThrow(DefinitionError)
    // @ts-expect-error
    expect(() => redact({ patterns: ["mail"] })).toThrow(DefinitionError)
    // @ts-expect-error
    expect(() => redact({ patterns: ["email"], methods: ["ping"] })).toThrow(DefinitionError)
  })
})
