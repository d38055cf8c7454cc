import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { resourceRef } from "../../lib/builder/resource-ref.ts"
import {
  isToolResult,
  result,
  toolErrorResult,
  toToolResult,
  UnserializableResult
} from "../../lib/builder/tool-result.ts"

const wire = (value: unknown) => JSON.parse(JSON.stringify(toToolResult(value)))
const text = (value: string) => ({ type: "text", text: value })

describe("what a handler returns", () => {
  it.each([
    ["hi", [text("hi")]],
    ["", [text("")]],
    [42, [text("42")]],
    [Number.NaN, [text("NaN")]],
    [undefined, []]
  ])("%s is text, or nothing", (value, content) => {
    expect(wire(value)).toStrictEqual({ content })
  })

  it.each([
    [true, "true"],
    [null, "null"],
    [{ a: 1 }, '{"a":1}'],
    [[], "[]"],
    [[1, "b"], '[1,"b"]'],
    [[text("a")], '[{"type":"text","text":"a"}]'],
    [{ a: undefined, b: 2 }, '{"b":2}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"']
  ])("%j is JSON text and structured content", (value, json) => {
    expect(wire(value)).toStrictEqual({ content: [text(json)], structuredContent: JSON.parse(json) })
  })

  it("is content when content it is, alone or in an array of nothing else", () => {
    const image = Content.image("AAAA", "image/png")
    expect(wire(image)).toStrictEqual({ content: [{ type: "image", data: "AAAA", mimeType: "image/png" }] })
    expect(wire([Content.text("a"), Content.text("b")])).toStrictEqual({ content: [text("a"), text("b")] })
  })

  it("is left alone when it is a result already", () => {
    const made = result({ content: "a" })
    expect(toToolResult(made)).toBe(made)
  })

  it("means to the client what JSON means", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(typeof value !== "string" && typeof value !== "number")
        const { content, structuredContent } = wire(value)
        const expected = JSON.parse(JSON.stringify(value))
        expect(content).toHaveLength(1)
        expect(JSON.parse(content[0].text)).toEqual(expected)
        expect(structuredContent).toEqual(expected)
      })
    )
  })

  it("is never taken for content on the word of foreign data", () => {
    const foreign = JSON.parse('{"type":"text","text":"a","~mcpipe/Content":true,"~mcpipe/ToolResult":true}')
    expect(wire([foreign]).structuredContent).toEqual([foreign])
    expect(wire(foreign).structuredContent).toEqual(foreign)
  })
})

describe("what cannot be sent", () => {
  const cyclic = { rows: [{ owner: {} as object }] }
  cyclic.rows[0]!.owner = cyclic
  const shared = { n: 1 }
  const deep = (levels: number): unknown => {
    let value: unknown = 1
    for (let i = 0; i < levels; i++) value = { a: value }
    return value
  }
  const throwing = {
    toJSON() {
      throw new Error("no")
    }
  }
  const getter = Object.defineProperty({}, "x", {
    enumerable: true,
    get() {
      throw new Error("no")
    }
  })

  it.each<[unknown, string, string]>([
    [1n, "$", "is a BigInt; return String(value)"],
    [{ rows: [1, { "total-sum": 2n }] }, '$.rows[1]["total-sum"]', "is a BigInt"],
    [cyclic, "$.rows[0].owner", "refers back to $; return a copy without the cycle"],
    [{ a: shared, b: shared, c: [throwing] }, "$.c[0]", "has a toJSON method that throws: no"],
    [{ toJSON: () => ({ n: 1n }) }, "$.n", "is a BigInt"],
    [{ a: [getter] }, "$.a[0].x", "is a getter that throws: no"],
    [deep(20_000), "$", "is nested more than 1000 levels deep"],
    [() => 1, "$", "is a function"],
    [Symbol("s"), "$", "is a symbol"],
    [{ toJSON: () => undefined }, "$", "has a toJSON method that returns nothing"],
    [{ a: [{ f: () => 1 }] }, "$.a[0].f", "is a function, which JSON leaves out"],
    [{ a: Number.NaN }, "$.a", "is NaN, which JSON writes as null"],
    [new Map([[1, 2]]), "$", "is a Map; return Object.fromEntries(map)"],
    [new Set(), "$", "is a Set; return [...set]"],
    [new Error("e"), "$", "is an Error; throw it instead"],
    [new Uint8Array(2), "$", "is binary; return Content.image"],
    [Buffer.from("a"), "$", "is binary; return Content.image"],
    [Promise.resolve(1), "$", "is a Promise; await it"],
    [resourceRef("x://1"), "$", "is a Resource.ref; return Content.link(ref)"],
    [[Content.text("a"), "b"], "$[1]", "is not made by Content, though other items are"],
    [["a", Content.text("b")], "$[0]", "is not made by Content, though other items are"]
  ])("is named by place and fix (%#)", (value, path, problem) => {
    let thrown: unknown
    try {
      toToolResult(value)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(UnserializableResult)
    expect((thrown as UnserializableResult).path).toBe(path)
    expect((thrown as UnserializableResult).message).toContain(`The result cannot be sent: ${path} ${problem}`)
  })

  it("is searched without calling toJSON a second time", () => {
    let calls = 0
    toToolResult({ toJSON: () => ({ n: ++calls }) })
    toToolResult({ inside: [{ toJSON: () => ({ n: ++calls }) }] })
    expect(calls).toBe(2)
  })

  it("is searched for once per object, however many ways lead there", () => {
    let visits = 0
    let value: unknown = Object.defineProperty({}, "leaf", { enumerable: true, get: () => ++visits })
    for (let i = 0; i < 10; i++) value = [value, value]
    expect(() => toToolResult([value, 1n])).toThrow("$[1] is a BigInt")
    // JSON.stringify goes every way before it meets the BigInt
    expect(visits).toBe(2 ** 10 + 1)
  })
})

describe("result", () => {
  it("takes strings and content, one or several", () => {
    expect(result({ content: "a" })).toEqual({ content: [text("a")] })
    expect(result({ content: ["a", Content.text("b")] })).toEqual({ content: [text("a"), text("b")] })
    expect(result({})).toEqual({ content: [] })
  })

  it("tells the structured value in text, unless content is given", () => {
    expect(result({ structured: { n: 1 } })).toEqual({ content: [text('{"n":1}')], structuredContent: { n: 1 } })
    expect(result({ structured: null })).toEqual({ content: [text("null")], structuredContent: null })
    expect(result({ structured: { n: 1 }, content: "one" })).toEqual({
      content: [text("one")],
      structuredContent: { n: 1 }
    })
    expect(result({ structured: { n: 1 }, content: [] })).toEqual({ content: [], structuredContent: { n: 1 } })
  })

  it("carries metadata and failure", () => {
    expect(result({ content: "a", meta: { took: 1 }, isError: true })).toEqual({
      content: [text("a")],
      _meta: { took: 1 },
      isError: true
    })
    expect("isError" in result({ content: "a", isError: false })).toBe(false)
    expect(toolErrorResult("broken")).toEqual({ content: [text("broken")], isError: true })
  })

  it("refuses what is neither, and structured values JSON cannot carry", () => {
    expect(() => result({ content: [{ type: "text", text: "a" } as never] })).toThrow(
      "$.content[0] is neither a string nor made by Content"
    )
    expect(() => result({ structured: { n: 1n } })).toThrow("$.n is a BigInt")
  })

  it("is recognised, and shows JSON nothing but the wire's fields", () => {
    const made = result({ content: "a" })
    expect([isToolResult(made), isToolResult(toolErrorResult("a")), isToolResult(toToolResult(1))]).toEqual([
      true,
      true,
      true
    ])
    expect([isToolResult({ ...made }), isToolResult(null), isToolResult("a")]).toEqual([false, false, false])
    expect(JSON.stringify(made)).toBe('{"content":[{"type":"text","text":"a"}]}')
  })
})
