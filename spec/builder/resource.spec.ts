import { DefinitionError, resource } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"

const handler = () => "r"
const make = (options: object) => () => resource({ uri: "x://y", ...options } as never, handler)

describe("a resource", () => {
  it("is called by its URI unless it has a name, and knows when it last changed", () => {
    const date = new Date(0)
    const r = resource({ uri: "x://y", size: 3, lastModified: date, annotations: { priority: 1 } }, handler)
    expect([r.name, r.uri, r.size]).toEqual(["x://y", "x://y", 3])
    expect(r.annotations).toEqual({ priority: 1, lastModified: "1970-01-01T00:00:00.000Z" })
    expect(resource({ uri: "x://y", lastModified: "2026-01-01" }, handler).annotations).toEqual({
      lastModified: "2026-01-01"
    })
    expect(resource({ uri: "x://y", name: "why" }, handler).name).toBe("why")
    expect(JSON.stringify(r)).toBe('{"_id":"Resource","name":"x://y"}')
    expect(() => Object.assign(r, { uri: "z://z" })).toThrow(TypeError)
  })

  it.each<[string, () => unknown, string]>([
    [
      "no handler",
      () => (resource as any)({ uri: "x://y" }),
      'resource "x://y": the second argument must be its handler function.'
    ],
    [
      "no scheme",
      make({ uri: "y" }),
      'resource "y": the URI "y" must begin with a scheme, as in "user://{id}" or "config://app" (character 1).'
    ],
    [
      "a size that is no whole number",
      make({ size: 1.5 }),
      'resource "x://y": size is 1.5; it must be a whole number of bytes ≥ 0.'
    ],
    ["a negative size", make({ size: -1 }), 'resource "x://y": size is -1; it must be a whole number of bytes ≥ 0.'],
    [
      "a size of a template",
      make({ uri: "x://{id}", size: 1 }),
      'resource "x://{id}": size only suits a static resource; leave it out.'
    ],
    [
      "a priority over 1",
      make({ annotations: { priority: 2 } }),
      'resource "x://y": annotations.priority is 2; it must be between 0 and 1.'
    ],
    [
      "a priority that is no number",
      make({ annotations: { priority: Number.NaN } }),
      'resource "x://y": annotations.priority is NaN; it must be between 0 and 1.'
    ],
    [
      "a date that is none",
      make({ lastModified: "yesterday" }),
      'resource "x://y": lastModified is "yesterday"; use a Date or an ISO 8601 string.'
    ],
    [
      "a cache hint of half a millisecond",
      make({ cache: { ttlMs: 0.5 } }),
      'resource "x://y": cache.ttlMs is 0.5; it must be a whole number of milliseconds ≥ 0.'
    ],
    [
      "an unknown cache scope",
      make({ cache: { ttlMs: 0, scope: "all" } }),
      'resource "x://y": cache.scope is "all"; use "public" or "private".'
    ],
    [
      "params of no variable",
      make({ uri: "x://{id}", params: { other: v.string() } }),
      'resource "x://{id}": params.other names a variable that does not exist; the URI has id.'
    ],
    [
      "params where there are no variables",
      make({ params: { id: v.string() } }),
      'resource "x://y": params.id names a variable that does not exist; the URI has none.'
    ],
    [
      "params that take no string",
      make({ uri: "x://{id}", params: { id: v.number() } }),
      'resource "x://{id}" params at id: takes number, but the value arrives as a string. Use v.pipe(v.string(), v.transform(Number)).'
    ],
    [
      "a completion of no variable",
      make({ uri: "x://{id}", complete: { other: () => [] } }),
      'resource "x://{id}": complete.other names an argument that does not exist; it has id.'
    ],
    [
      "a negative timeout",
      make({ timeout: -1 }),
      'resource "x://y": timeout is -1; it must be a positive number of milliseconds.'
    ]
  ])("with %s is refused", (_, refused, message) => {
    expect(refused).toThrow(new DefinitionError(message))
  })
})
