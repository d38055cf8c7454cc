import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { encodeInChunks } from "../../lib/builder/base64.ts"
import { Content, contentRef, isContent, withUri } from "../../lib/builder/content.ts"
import { resource } from "../../lib/builder/resource.ts"
import { resourceRef } from "../../lib/builder/resource-ref.ts"

const wire = (value: unknown) => JSON.parse(JSON.stringify(value))
const bytes = new Uint8Array([0, 1, 250, 255])
const options = { annotations: { audience: ["user"], priority: 0.5 }, meta: { trace: 1 } } as const
const sent = { annotations: { audience: ["user"], priority: 0.5 }, _meta: { trace: 1 } }

describe("content on the wire", () => {
  it("is text, with annotations and metadata where given", () => {
    expect(wire(Content.text("hi"))).toStrictEqual({ type: "text", text: "hi" })
    expect(wire(Content.text("hi", options))).toStrictEqual({ type: "text", text: "hi", ...sent })
  })

  it("is an image or sound, from bytes or base64", () => {
    expect(wire(Content.image(bytes, "image/png"))).toStrictEqual({
      type: "image",
      data: "AAH6/w==",
      mimeType: "image/png"
    })
    expect(wire(Content.image("AAH6/w==", "image/png", options))).toStrictEqual({
      type: "image",
      data: "AAH6/w==",
      mimeType: "image/png",
      ...sent
    })
    expect(wire(Content.audio(bytes.subarray(1), "audio/wav"))).toStrictEqual({
      type: "audio",
      data: "Afr/",
      mimeType: "audio/wav"
    })
  })

  it("is a file, whose type comes from its name", () => {
    expect(wire(Content.file({ name: "a b.md", data: "# Hi" }))).toStrictEqual({
      type: "resource",
      resource: { uri: "file:///a%20b.md", mimeType: "text/markdown", text: "# Hi" }
    })
    expect(wire(Content.file({ name: "x.PDF", data: bytes }, options))).toStrictEqual({
      type: "resource",
      resource: { uri: "file:///x.PDF", mimeType: "application/pdf", blob: "AAH6/w==" },
      ...sent
    })
    const typeOf = (name: string, data: string | Uint8Array, mimeType?: string) =>
      wire(Content.file({ name, data, mimeType })).resource.mimeType
    expect(typeOf("README", "")).toBe("text/plain")
    expect(typeOf("data.unknown", bytes)).toBe("application/octet-stream")
    expect(typeOf("x.md", "", "text/x-mine")).toBe("text/x-mine")
  })

  it("is an embedded resource", () => {
    expect(wire(Content.embedded({ uri: "note://1", text: "x" }))).toStrictEqual({
      type: "resource",
      resource: { uri: "note://1", text: "x" }
    })
    expect(wire(Content.embedded({ uri: resourceRef("note://1"), mimeType: "image/png", blob: bytes }))).toStrictEqual({
      type: "resource",
      resource: { uri: "note://1", mimeType: "image/png", blob: "AAH6/w==" }
    })
  })

  it("is a link, field by field as given", () => {
    const target = {
      uri: "https://example.org/a",
      name: "a",
      title: "A",
      description: "An a",
      mimeType: "text/html",
      size: 3,
      icons: [{ src: "https://example.org/a.png" }],
      annotations: { priority: 1 },
      _meta: { x: 1 }
    }
    expect(wire(Content.link(target))).toStrictEqual({ type: "resource_link", ...target })
    expect(wire(Content.link({ uri: "x://1", name: "one" }, { title: "One" }))).toStrictEqual({
      type: "resource_link",
      uri: "x://1",
      name: "one",
      title: "One"
    })
  })
})

describe("links to this server's resources", () => {
  const profile = resource({ uri: "user://{id}/profile", mimeType: "application/json", title: "Profile" }, () => "")

  it("are made from a ref", () => {
    const link = Content.link(resourceRef("user://42/profile%20a"))
    expect(wire(link)).toStrictEqual({ type: "resource_link", uri: "user://42/profile%20a", name: "profile a" })
    expect(contentRef(link)).toEqual(resourceRef("user://42/profile%20a"))
  })

  it("are made from a component, its template filled", () => {
    const link = Content.link(profile, { variables: { id: "a/b" } })
    expect(wire(link)).toStrictEqual({
      type: "resource_link",
      uri: "user://a%2Fb/profile",
      name: "profile",
      title: "Profile",
      mimeType: "application/json"
    })
    expect(contentRef(link)?.uri).toBe("user://a%2Fb/profile")
  })

  it("keep the name of a component that has one", () => {
    const named = resource({ uri: "config://app", name: "config" }, () => "")
    expect(wire(Content.link(named)).name).toBe("config")
    expect(wire(Content.link(named, { name: "mine" })).name).toBe("mine")
  })

  it("take the variables of a template ref", () => {
    expect(wire(Content.link(resourceRef("user://{id}"), { variables: { id: "7" } })).uri).toBe("user://7")
  })

  it("cannot be left unfilled", () => {
    // @ts-expect-error the template has a variable `id`
    expect(() => Content.link(profile, { variables: {} })).toThrow('give "id" a non-empty string')
    expect(() => Content.link(resourceRef("user://{id}"))).toThrow('give "id" a non-empty string')
  })

  it("move, ref included, once per mount", () => {
    const link = withUri(withUri(Content.link(resourceRef("user://1")), "user://crm/1"), "user://eu/crm/1")
    expect(wire(link)).toStrictEqual({ type: "resource_link", uri: "user://eu/crm/1", name: "1" })
    expect(contentRef(link)?.uri).toBe("user://eu/crm/1")
    const embedded = withUri(Content.embedded({ uri: resourceRef("note://1"), text: "x" }, options), "note://crm/1")
    expect(wire(embedded)).toStrictEqual({ type: "resource", resource: { uri: "note://crm/1", text: "x" }, ...sent })
    expect(contentRef(embedded)?.uri).toBe("note://crm/1")
  })

  it("stay as they are when the URI was given in full", () => {
    expect(contentRef(Content.link({ uri: "user://1", name: "1" }))).toBeUndefined()
    expect(contentRef(Content.embedded({ uri: "user://1", text: "" }))).toBeUndefined()
    expect(contentRef(withUri(Content.link({ uri: "user://1", name: "1" }), "user://2"))).toBeUndefined()
  })
})

describe("a content value", () => {
  const all = [
    Content.text("a"),
    Content.text("a", options),
    Content.image(bytes, "image/png"),
    Content.audio(bytes, "audio/wav"),
    Content.file({ name: "a", data: "" }),
    Content.embedded({ uri: "x://1", text: "" }),
    Content.link(resourceRef("x://1"))
  ]

  it("is told from data that looks the same, even from data that claims to be one", () => {
    for (const content of all) {
      expect(isContent(content)).toBe(true)
      expect(isContent(withUri(content, "x://2"))).toBe(true)
      expect(isContent(wire(content))).toBe(false)
      expect(isContent({ ...content, "~mcpipe/Content": true })).toBe(false)
    }
    for (const other of [undefined, null, "text", 1, [], () => 1]) expect(isContent(other)).toBe(false)
  })

  it("is frozen, and shows JSON nothing but the wire's fields", () => {
    for (const content of all) {
      expect(Object.isFrozen(content)).toBe(true)
      expect(JSON.stringify(content)).not.toContain("mcpipe")
    }
    expect(all.some((content) => content.type === "resource" && !Object.isFrozen(content.resource))).toBe(false)
  })
})

describe("mistakes", () => {
  it.each([
    [() => Content.image("data:image/png;base64,AAH6/w==", "image/png"), "pass only what follows the comma"],
    [() => Content.image("AAH6_w==", "image/png"), "base64url"],
    [() => Content.image("AAH6/w", "image/png"), "Content.image: the string is not base64"],
    [() => Content.audio("not base64!", "audio/wav"), "pass the bytes as a Uint8Array"],
    [() => Content.audio([1, 2] as never, "audio/wav"), "Content.audio: give bytes as a Uint8Array or a base64 string"],
    [() => Content.text(1 as never), "Content.text: give a string, not number"],
    [() => Content.text("a", { annotations: { priority: 2 } }), "priority is 2; it must be between 0 and 1"],
    [() => Content.embedded({ uri: "x://1" } as never), "give either text or blob"],
    [() => Content.embedded({ uri: "x://1", text: "", blob: bytes } as never), "give either text or blob"]
  ])("are named, with the way out (%#)", (make, message) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })
})

it("encodes bytes alike with and without Buffer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
      expect(encodeInChunks(data)).toBe(Buffer.from(data).toString("base64"))
    })
  )
  const large = new Uint8Array(100_000).map((_, i) => i % 251)
  expect(encodeInChunks(large)).toBe(Buffer.from(large).toString("base64"))
})
