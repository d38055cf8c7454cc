import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Content, contentRef, withUri } from "../../lib/builder/content.ts"
import { isResourcePart, Resource, toContents } from "../../lib/builder/contents.ts"
import { result, UnserializableResult } from "../../lib/builder/tool-result.ts"

const uri = "note://1"
const wire = (value: unknown, mimeType?: string) => JSON.parse(JSON.stringify(toContents(value, { uri, mimeType })))

describe("what a resource's handler returns", () => {
  it.each<[unknown, object]>([
    ["hi", { mimeType: "text/plain", text: "hi" }],
    ["", { mimeType: "text/plain", text: "" }],
    [new Uint8Array([0, 1, 250, 255]), { mimeType: "application/octet-stream", blob: "AAH6/w==" }],
    [{ a: 1 }, { mimeType: "application/json", text: '{"a":1}' }],
    [[], { mimeType: "application/json", text: "[]" }],
    [["a", "b"], { mimeType: "application/json", text: '["a","b"]' }],
    [null, { mimeType: "application/json", text: "null" }],
    [7, { mimeType: "application/json", text: "7" }],
    [Resource.text("hi"), { mimeType: "text/plain", text: "hi" }],
    [Resource.blob("AAAA"), { mimeType: "application/octet-stream", blob: "AAAA" }],
    [Resource.json("hi"), { mimeType: "application/json", text: '"hi"' }]
  ])("%j is one item of contents", (value, expected) => {
    expect(wire(value)).toStrictEqual([{ uri, ...expected }])
  })

  it("has the resource's media type, unless a part says otherwise", () => {
    expect(wire("# Hi", "text/markdown")[0].mimeType).toBe("text/markdown")
    expect(wire({ a: 1 }, "application/geo+json")[0].mimeType).toBe("application/geo+json")
    expect(wire(Resource.text("a", { mimeType: "text/csv" }), "text/markdown")[0].mimeType).toBe("text/csv")
  })

  it("is several items when it is an array of parts", () => {
    const parts = [Resource.text("a"), Resource.blob(new Uint8Array([1]), { uri: "note://2", meta: { n: 1 } })]
    expect(wire(parts)).toStrictEqual([
      { uri, mimeType: "text/plain", text: "a" },
      { uri: "note://2", mimeType: "application/octet-stream", blob: "AQ==", _meta: { n: 1 } }
    ])
  })

  it("keeps the ref a part's URI was given as, for mounts to translate", () => {
    const [item] = toContents(Resource.text("a", { uri: Resource.ref("note://2") }), { uri })
    expect(contentRef(item!)?.uri).toBe("note://2")
    const moved = withUri(item!, "note://crm/2")
    expect(moved).toEqual({ uri: "note://crm/2", mimeType: "text/plain", text: "a" })
    expect(contentRef(moved)?.uri).toBe("note://crm/2")
  })

  it("means to the client what JSON means", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(typeof value !== "string")
        expect(JSON.parse(wire(value)[0].text)).toEqual(JSON.parse(JSON.stringify(value)))
      })
    )
  })
})

describe("what cannot be sent", () => {
  it.each<[unknown, string]>([
    [undefined, '$ is undefined; return the contents, "" for an empty resource'],
    [Content.text("a"), "$ is made by Content; resources return Resource.text or Resource.blob"],
    [[Content.text("a")], "$[0] cannot stand in an array; wrap it in Resource.text or Resource.blob"],
    [[new Uint8Array(1)], "$[0] cannot stand in an array"],
    [result({ content: "a" }), "$ is a tool result"],
    [[Resource.text("a"), "b"], "$[1] is not made by Resource, though other items are"],
    [{ a: 1n }, "$.a is a BigInt"],
    [new Map(), "$ is a Map"]
  ])("is named by place and fix (%#)", (value, message) => {
    expect(() => toContents(value, { uri })).toThrow(UnserializableResult)
    expect(() => toContents(value, { uri })).toThrow(message)
  })

  it("is refused where it is made, when it is made by Resource", () => {
    expect(() => Resource.json({ a: 1n })).toThrow("$.a is a BigInt")
    expect(() => Resource.blob("no base64")).toThrow("Resource.blob: the string is not base64")
    expect(() => Resource.text(1 as never)).toThrow("Resource.text: give a string, not number")
  })
})

it("tells parts from data that looks the same", () => {
  const made = Resource.text("a")
  expect(Object.isFrozen(made)).toBe(true)
  expect([
    isResourcePart(made),
    isResourcePart({ ...made, "~mcpipe/ResourcePart": true }),
    isResourcePart(null)
  ]).toEqual([true, false, false])
})
