import { DefinitionError, extension, method } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"

const use = (id: unknown) =>
  `extension id ${JSON.stringify(id)}: use a reverse-DNS prefix and a name, such as "com.example/search".`

describe("an extension", () => {
  it("is an immutable value with plain defaults", () => {
    const e = extension({ id: "com.example/e" })
    expect([e.settings, [...e.methods], [...e.resultTypes], e.capabilities]).toEqual([{}, [], [], {}])
    expect(() => Object.assign(e, { id: "x" })).toThrow(TypeError)
  })

  it.each(["com.example/search", "io.modelcontextprotocol/tasks", "a.b/C_d-e.f", "com.example-x.y/1"])(
    "may be called %s",
    (id) => {
      expect(extension({ id }).id).toBe(id)
    }
  )

  it.each([
    undefined,
    "",
    "search",
    "example/search",
    "com.example/",
    "/search",
    "com.example/a b",
    "com..x/a",
    "com.x/a/b",
    "__proto__",
    5
  ])("cannot be called %j", (id) => {
    expect(() => extension({ id: id as string })).toThrow(new DefinitionError(use(id)))
  })

  it.each(["tools/call", "initialize", "ping", "server/discover", "subscriptions/listen", "completion/complete"])(
    "cannot redefine %s of the core protocol",
    (name) => {
      expect(() => extension({ id: "com.example/e", methods: { [name]: method({}, () => ({})) } })).toThrow(
        new DefinitionError(
          `extension "com.example/e": method "${name}" is one of the core protocol; choose another name.`
        )
      )
    }
  )

  it("refuses methods that method(…) did not make, and params that are no object", () => {
    expect(() => extension({ id: "com.example/e", methods: { "e/x": (() => ({})) as never } })).toThrow(
      new DefinitionError('extension "com.example/e": method "e/x" must be made by method(options, handler).')
    )
    expect(() => method({ params: v.string() }, () => ({}))).toThrow(
      /^extension method params: arguments are always an object/
    )
  })
})
