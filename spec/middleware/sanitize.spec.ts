import fc from "fast-check"
import {
  Content,
  DefinitionError,
  Effect,
  Elicitation,
  type Middleware,
  middleware,
  prompt,
  resource,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, expectTypeOf, it } from "vitest"
import { characterCleaner } from "../../lib/middleware/clean-characters.ts"
import { sanitize, type SanitizeOptions } from "../../lib/middleware/sanitize.ts"
import { driveTool } from "../kit/rounds.ts"
import { connectWire } from "../kit/wire.ts"

const info = { name: "clean", version: "1.0.0" }
const eras = ["sessionless", "2025-11-25"] as const

/** Gives its arguments back, as JSON that escapes all that is not ASCII. */
const echo = tool({ name: "echo", input: v.looseObject({}) }, (args) => Content.text(JSON.stringify(args)))

const echoed = async (options: SanitizeOptions | undefined, args: object, speak: (typeof eras)[number] = eras[0]) => {
  await using wire = await connectWire(server(info).use(sanitize(options)).tool(echo), { speak })
  const answer = await wire.call("echo", args)
  return answer.isError === true ? answer.content[0].text : JSON.parse(answer.content[0].text)
}

describe.each(eras)("sanitize, spoken to in %s,", (speak) => {
  it("by default takes away control characters, composes what is composed of, and leaves the rest", async () => {
    const given = {
      a: ["\u0000x\u001b[31m\u007f\u0085y", { b: "e\u0301 \t\r\n " }],
      n: 5,
      t: true,
      z: null,
      i: "\u200b"
    }
    expect(await echoed(undefined, given, speak)).toEqual({
      a: ["x[31my", { b: "é \t\r\n " }],
      n: 5,
      t: true,
      z: null,
      i: "\u200b"
    })
  })

  it("cleans before validation, so that what was padded fits", async () => {
    const t = tool({ name: "t", input: { id: v.pipe(v.string(), v.maxLength(2)) } }, ({ id }) => id)
    await using wire = await connectWire(
      server(info)
        .use(sanitize({ trim: true }))
        .tool(t),
      { speak }
    )
    expect(await wire.text("t", { id: "\u0000 ab \n" })).toBe("ab")
  })

  it("refuses by pattern with an error the model can act on, and runs nothing", async () => {
    let runs = 0
    const t = tool({ name: "t", input: { a: v.array(v.string()), b: v.string() } }, () => `${++runs}`)
    const s = server(info)
      .use(sanitize({ patterns: [{ match: /<script/gi, refuse: "Scripts are not allowed; write plain text." }] }))
      .tool(t)
    await using wire = await connectWire(s, { speak })
    for (let n = 0; n < 2; n++) {
      const { isError, content } = await wire.call("t", { a: ["ok", "<scr\u0000ipt>"], b: "<SCRIPT" })
      expect(isError).toBe(true)
      expect(content[0].text).toBe(
        'Invalid arguments for tool "t":\n- a[1]: Scripts are not allowed; write plain text. (received this one)\n- b: Scripts are not allowed; write plain text. (received this one)'
      )
    }
    expect([await wire.text("t", { a: [], b: "" }), runs]).toEqual(["1", 1])
  })

  it("cleans and refuses arguments of prompts, and what is completed", async () => {
    const p = prompt(
      {
        name: "p",
        args: { a: v.string(), b: v.optional(v.string()) },
        complete: { a: (prefix, { b }) => [JSON.stringify([prefix, b])] }
      },
      ({ a }) => a
    )
    const s = server(info)
      .use(sanitize({ trim: true, patterns: [{ match: /bad/, refuse: "no bad words" }] }))
      .prompt(p)
    await using wire = await connectWire(s, { speak })
    const get = (a: string) => wire.request("prompts/get", { name: "p", arguments: { a } })
    expect((await get(" x\u0000 ")).result.messages[0].content.text).toBe("x")
    expect((await get("b\u0000ad")).error).toEqual({
      code: -32602,
      message: 'Invalid arguments for prompt "p":\n- a: no bad words (received this one)'
    })
    const complete = (value: string, b: string) =>
      wire.request("completion/complete", {
        ref: { type: "ref/prompt", name: "p" },
        argument: { name: "a", value },
        context: { arguments: { b } }
      })
    expect((await complete(" x", " y ")).result.completion.values).toEqual(['["x","y"]'])
    expect((await complete("bad", "")).error.code).toBe(-32602)
  })

  it("covers what is mounted, by the names of the parent, and leaves out what it is told to", async () => {
    const child = server({ name: "child", version: "1" }).add(
      tool({ name: "a", input: { s: v.string() } }, ({ s }) => `<${s}>`),
      tool({ name: "b", input: { s: v.string() } }, ({ s }) => `<${s}>`)
    )
    const s = server(info)
      .use(sanitize({ trim: true, except: ["crm_b"] }))
      .mount("crm", child)
    await using wire = await connectWire(s, { speak })
    expect([await wire.text("crm_a", { s: " x " }), await wire.text("crm_b", { s: " x " })]).toEqual(["<x>", "< x >"])
    const refusing = server(info)
      .use(sanitize({ patterns: [{ match: /./, refuse: "nothing" }], only: ["crm_a"] }))
      .mount("crm", child)
    await using other = await connectWire(refusing, { speak })
    expect((await other.call("crm_a", { s: "x" })).content[0].text).toContain('Invalid arguments for tool "crm_a"')
    expect(await other.text("crm_b", { s: "x" })).toBe("<x>")
  })
})

describe("sanitize", () => {
  const one = async (text: string, options: SanitizeOptions) => (await echoed(options, { text })).text

  it.each<[SanitizeOptions, string, string]>([
    [{ trim: true }, " \u00a0x y\n", "x y"],
    [{ stripControl: false }, "a\u0007", "a\u0007"],
    [{ normalise: "NFKC" }, "ﬁ Ａ ²", "fi A 2"],
    [{ normalise: false }, "e\u0301ﬁ", "e\u0301ﬁ"],
    [{}, `a${"\u0301".repeat(40)}`, `á${"\u0301".repeat(29)}`],
    [{ collapseWhitespace: true }, " a \n\t b\u2003c ", " a b c "],
    [{ collapseWhitespace: true, trim: true }, " a  b ", "a b"],
    [{ stripInvisible: true }, "a\u202eb\u2066c\u200bd\u00ade\ufefff\u{e0041}g\u200dh", "abcdefgh"],
    [{ stripInvisible: true }, "👨‍👩‍👧 ❤️ می\u200cخواهم", "👨‍👩‍👧 ❤️ می\u200cخواهم"],
    [{ stripInvisible: true }, "😀\ufe0f\ufe01\ufe02", "😀\ufe0f"],
    [{ stripInvisible: true }, "e\u200b\u0301", "é"],
    [{ patterns: [{ match: /(a)(b)?/, replace: "[$1]" }] }, "ab a", "[a] [a]"],
    [{ patterns: [{ match: /\d+/g, replace: (n) => `${n.length}` }] }, "123 4", "3 1"],
    [{ custom: (text) => text.toUpperCase() }, "a\u0000b", "AB"]
  ])("with %j makes of %j this: %j", async (options, text, made) => {
    expect(await one(text, options)).toBe(made)
  })

  it("refuses strings that are too long, by default only where patterns would run on them", async () => {
    const long = "x".repeat(100_001)
    expect(await one(long, {})).toBe(long)
    expect(await echoed({ patterns: [{ match: /y/, replace: "" }] }, { text: long })).toBe(
      'Invalid arguments for tool "echo":\n- text: expected at most 100000 characters, received 100001'
    )
    expect(await one(long, { patterns: [{ match: /y/, replace: "" }], maxString: 200_000 })).toBe(long)
    expect(await one(`ab${"\u0000".repeat(9)}`, { maxString: 2 })).toBe("ab")
  })

  it("tells custom where a string stands, and lets it refuse", async () => {
    const places: Array<unknown> = []
    const custom: SanitizeOptions["custom"] = (value, place) => {
      places.push([value, place])
      if (value === "refuse") throw new ToolError("custom says no")
      return value
    }
    expect(await echoed({ custom }, { a: ["x", { b: "y" }] })).toEqual({ a: ["x", { b: "y" }] })
    expect(places).toEqual([
      ["x", { method: "tools/call", name: "echo", path: ["a", 0] }],
      ["y", { method: "tools/call", name: "echo", path: ["a", 1, "b"] }]
    ])
    expect(await echoed({ custom }, { a: "refuse" })).toBe("custom says no")
  })

  it("keeps to the fields it is told, with all that is in them", async () => {
    const given = { a: " x ", b: { c: [" y ", { d: " z " }] }, A: " w " }
    const b = { c: ["y", { d: "z" }] }
    expect(await echoed({ trim: true, fields: ["b.c"] }, given)).toEqual({ ...given, b })
    expect(await echoed({ trim: true, fields: ["**.d"] }, given)).toEqual({ ...given, b: { c: [" y ", { d: "z" }] } })
    expect(await echoed({ trim: true, fields: ["a"], ignoreCase: true }, given)).toEqual({ ...given, a: "x", A: "w" })
  })

  it("leaves names alone, __proto__ among them", async () => {
    let seen: unknown
    const watch = middleware({
      callTool: (next, call) => {
        seen = call.args
        return next(call)
      }
    })
    await using wire = await connectWire(
      server(info)
        .use(sanitize({ trim: true }))
        .use(watch)
        .tool(echo)
    )
    await wire.call("echo", JSON.parse('{" a ":" x ","__proto__":{"b":" y "},"constructor":" z "}'))
    expect(JSON.stringify(seen)).toBe('{" a ":"x","__proto__":{"b":"y"},"constructor":"z"}')
    expect(Object.getPrototypeOf(seen)).toBe(Object.prototype)
    expect(({} as any).b).toBeUndefined()
  })

  it("hands on the very arguments where there is nothing to clean", async () => {
    const seen: Array<unknown> = []
    const watch = middleware({
      callTool: (next, call) => {
        seen.push(call.args)
        return next(call)
      }
    })
    await using wire = await connectWire(server(info).use(watch).use(sanitize()).use(watch).tool(echo))
    await wire.call("echo", { a: ["fine", 1] })
    expect(seen[0]).toBe(seen[1])
  })

  it("does not touch the URIs of resources", async () => {
    const s = server(info)
      .use(sanitize({ trim: true, patterns: [{ match: /./, refuse: "nothing" }] }))
      .resource(resource({ uri: "x://{a}" }, ({ a }) => `<${a}>`))
    await using wire = await connectWire(s)
    const read = await wire.request("resources/read", { uri: "x://a%20" })
    expect(read.result.contents[0].text).toBe("<a >")
  })

  it("cleans alike in every round of a call that asks", async () => {
    const seen: Array<string> = []
    const t = tool({ name: "t", input: { s: v.optional(v.string(), "none") } }, function* ({ s }) {
      seen.push(s)
      yield* Elicitation.confirm(`First ${s}?`)
      yield* Elicitation.confirm(`Then ${s}?`)
      return s
    })
    await using wire = await connectWire(
      server(info)
        .use(sanitize({ trim: true }))
        .tool(t),
      { capabilities: { elicitation: {} } }
    )
    const request = (method: string, params: object = {}) =>
      wire.request(method, { ...params, arguments: { s: "\u0000 x " } })
    const { messages, text } = await driveTool({ request }, "t")
    expect([messages, text, seen]).toEqual([[["First x?"], ["Then x?"]], "x", ["x", "x", "x"]])
  })

  it("lets a cancelled call end as cancelled", async () => {
    const ended: Array<string> = []
    const t = tool({ name: "t", input: { s: v.string() } }, ({ s }) =>
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push(s)))
    )
    await using wire = await connectWire(server(info).use(sanitize()).add(t, echo), { speak: "2025-11-25" })
    void wire.request("tools/call", { name: "t", arguments: { s: "a\u0000" } })
    wire.notify("notifications/cancelled", { requestId: wire.lastId() })
    await wire.call("echo")
    expect(ended).toEqual(["a"])
  })

  it("cleans ten megabytes before a test's deadline", async () => {
    const clean = characterCleaner({
      stripControl: true,
      stripInvisible: true,
      normalise: "NFKC",
      collapseWhitespace: true,
      trim: true
    })
    for (const unit of ["a", "\u200d", "e\u200b\u0301", " \n", "a\u200d\u0301", "\ufe00", "\u0301\u0323"]) {
      expect(typeof clean(unit.repeat(1_500_000 / unit.length))).toBe("string")
    }
  })

  it.each<[string, unknown]>([
    [
      'sanitize: there is no option "normalize"; there are stripControl, stripInvisible, normalise, collapseWhitespace, trim, maxString, patterns, custom, fields, ignoreCase, only, except.',
      { normalize: "NFC" }
    ],
    ['sanitize: normalise is "NFD"; use "NFC", "NFKC" or false.', { normalise: "NFD" }],
    ['sanitize: trim is "yes"; use true or false.', { trim: "yes" }],
    ["sanitize: maxString is 0.5; use an integer from 1 to 1000000000, in characters.", { maxString: 0.5 }],
    ["sanitize: custom is 5; use a function.", { custom: 5 }],
    ["sanitize: patterns[0]: give either replace or refuse.", { patterns: [{ match: /a/ }] }],
    ["sanitize: patterns[0]: give either replace or refuse.", { patterns: [{ match: /a/, replace: "", refuse: "b" }] }],
    ['sanitize: patterns[0].match is "a"; use a regular expression.', { patterns: [{ match: "a", replace: "" }] }],
    [
      "sanitize: patterns[0].match is /a*/g, which matches the empty text; let it match one character or more.",
      { patterns: [{ match: /a*/, replace: "" }] }
    ],
    [
      'sanitize: patterns[0]: refuse is ""; say in words what is not allowed.',
      { patterns: [{ match: /a/, refuse: "" }] }
    ],
    ['sanitize: fields is "a"; use an array of non-empty strings.', { fields: "a" }],
    [
      "sanitize: except is [1]; use names, in which * stands for anything, { tag }, a function, or an array of these.",
      { except: [1] }
    ]
  ])("refuses options: %s", (message, options) => {
    expect(() => sanitize(options as SanitizeOptions)).toThrow(new DefinitionError(message))
  })

  it("is typed: it needs and gives no services, and options it does not have do not compile", () => {
    expectTypeOf(sanitize()).toEqualTypeOf<Middleware>()
    // @ts-expect-error
    expect(() => sanitize({ normalize: "NFC" })).toThrow(DefinitionError)
    // @ts-expect-error
    expect(() => sanitize({ patterns: [{ match: /a/ }] })).toThrow(DefinitionError)
  })
})

describe("sanitize, for any arguments,", () => {
  const awkward = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.constantFrom(
          ..."a é e \u0301 \u0323 \u200d \u200c \u200b \ufe0f \ufe01 ﬁ 👨 ا \u0000 \u00a0 \u202e \u1100 \u1161 \u{e0041}".split(
            " "
          ),
          " ",
          "\n"
        ),
        { maxLength: 20 }
      )
      .map((parts) => parts.join(""))
  )
  const options = fc.record({
    stripControl: fc.boolean(),
    stripInvisible: fc.boolean(),
    normalise: fc.constantFrom("NFC" as const, "NFKC" as const, false as const),
    collapseWhitespace: fc.boolean(),
    trim: fc.boolean()
  })

  it("comes to the same the second time", () => {
    fc.assert(
      fc.property(options, awkward, (given, text) => {
        const clean = characterCleaner(given)
        const once = clean(text)
        expect(clean(once)).toBe(once)
        expect(clean(text)).toBe(once)
      }),
      { numRuns: 3_000 }
    )
  })

  it("leaves nothing it was told to take away", () => {
    fc.assert(
      fc.property(options, awkward, (given, text) => {
        const made = characterCleaner(given)(text)
        if (given.stripControl) expect(made).not.toMatch(/[^\P{Cc}\t\n\r]/u)
        if (given.stripInvisible) expect(made).not.toMatch(/[\u200b\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u)
        if (given.collapseWhitespace) expect(made).not.toMatch(/\s\s|[^\S ]/u)
        if (given.trim) expect(made).toBe(made.trim())
        if (given.normalise !== false) expect(made).toBe(made.normalize(given.normalise))
      }),
      { numRuns: 3_000 }
    )
  })

  it("keeps names, numbers and shape", async () => {
    const shape = (value: unknown): unknown => {
      if (typeof value === "string") return ""
      if (typeof value !== "object" || value === null) return value
      return Array.isArray(value) ? value.map(shape) : Object.entries(value).map(([key, inner]) => [key, shape(inner)])
    }
    let seen: unknown
    const watch = middleware({
      callTool: (next, call) => {
        seen = call.args
        return next(call)
      }
    })
    const clean = sanitize({ trim: true, stripInvisible: true })
    await using wire = await connectWire(server(info).use(clean).use(watch).tool(echo))
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4, stringUnit: "binary" })),
        async (args) => {
          await wire.call("echo", args)
          // JSON has no way to write -0 that JSON.stringify would take
          expect(shape(seen)).toEqual(shape(JSON.parse(JSON.stringify(args))))
        }
      ),
      { numRuns: 50 }
    )
  })
})
