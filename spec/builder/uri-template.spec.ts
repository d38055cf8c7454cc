import fc from "fast-check"
import { describe, expect, expectTypeOf, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import {
  mountUri,
  parseUriTemplate,
  templatesConflict,
  type UriVariables,
  unmountUri
} from "../../lib/builder/uri-template.ts"

const parse = (uri: string) => parseUriTemplate(uri, `resource "${uri}"`)
const match = (template: string, uri: string) => {
  const found = parse(template).match(uri)
  return found && { ...found }
}

describe("the type of a template's variables", () => {
  it("is read off the literal", () => {
    expectTypeOf<UriVariables<"user://{id}/{path*}{?q,limit}">>().toEqualTypeOf<{
      id: string
      path: string
      q?: string | undefined
      limit?: string | undefined
    }>()
    expectTypeOf<UriVariables<"config://app">>().toEqualTypeOf<{}>()
    expectTypeOf<UriVariables<"search://{?q}">>().toEqualTypeOf<{ q?: string | undefined }>()
  })

  it("stays open where the compiler does not know the URI", () => {
    expectTypeOf<UriVariables<string>>().toEqualTypeOf<Record<string, string | undefined>>()
    expectTypeOf<UriVariables<`user://${string}`>>().toEqualTypeOf<Record<string, string | undefined>>()
  })
})

describe("matching", () => {
  it.each([
    ["config://app", "config://app", {}],
    ["user://{id}", "user://42", { id: "42" }],
    ["user://{id}/profile", "user://a%20b%2Fc/profile", { id: "a b/c" }],
    ["file://{path*}", "file://a/b/c.txt", { path: "a/b/c.txt" }],
    ["file://{path*}/meta", "file://a/meta/b/meta", { path: "a/meta/b" }],
    ["x://{a}-{b}", "x://1-2-3", { a: "1", b: "2-3" }],
    ["x://{a*}-{b}", "x://1-2/3-4", { a: "1-2/3", b: "4" }],
    ["x://{a*}/mid/{b*}/end", "x://1/mid/2/mid/3/end", { a: "1", b: "2/mid/3" }],
    ["x://{a}2{b}", "x://p%20q2r", { a: "p q", b: "r" }],
    ["api://{e}{?q,limit}", "api://users", { e: "users" }],
    ["api://{e}{?q,limit}", "api://users?limit=5&q=a%26b", { e: "users", q: "a&b", limit: "5" }],
    ["api://{e}{?q}", "api://users?q=1+1", { e: "users", q: "1+1" }],
    ["api://{e}{?q}", "api://users?q", { e: "users", q: "" }],
    ["api://{e}{?q}", "api://users?", { e: "users" }],
    ["search://{?q}", "search://?q=x", { q: "x" }],
    ["x://{toString}", "x://1", { toString: "1" }]
  ])("%s takes %s apart", (template, uri, expected) => {
    expect(match(template, uri)).toEqual(expected)
  })

  it.each([
    ["config://app", "config://app/"],
    ["user://{id}", "user://"],
    ["user://{id}", "user://a/b"],
    ["user://{id}", "users://42"],
    ["user://{id}", "user://42?x=1"],
    ["user://{id}", "user://42#top"],
    ["user://{id}/profile", "user:///profile"],
    ["file://{path*}", "file://"],
    ["file://{path*}/meta", "file:///meta"],
    ["x://{a*}/{b}", "x://a/"],
    ["user://{id}", "user://%"],
    ["user://{id}", "user://%zz"],
    ["user://{id}", "user://%ff"],
    ["x://{a}2{b}", "x://p%20q"],
    ["api://{e}{?q}", "api://users?q=%E0%A4"],
    ["api://{e}{?q}", "api://users?other=1"],
    ["api://{e}{?q}", "api://users?q=1&q=2"],
    ["api://{e}{?q}", "api://users?__proto__=1"],
    ["api://{e}{?q}", "api://users?q=1&&"],
    ["api://{e}{?q}", "api://users?q=1#top"]
  ])("%s does not match %s", (template, uri) => {
    expect(match(template, uri)).toBeUndefined()
  })

  it("gives variables on an object without prototype", () => {
    expect(Object.getPrototypeOf(parse("user://{id}{?q}").match("user://1"))).toBeNull()
  })

  it("stays linear on hostile URIs of many characters", () => {
    const templates = [
      "x://{a*}/{b*}/{c*}/{d*}/{e*}/end",
      "x://{a*}a{b*}a{c*}a{d*}a{e*}b",
      "x://{a}a{b}a{c}a{d}a{e}/end",
      "x://{a*}-{b}-{c*}-{d}!",
      "x://{a*}/{b}-!{c}",
      "x://{a*}/{b}/{c}-{d}/{e*}?{f}"
    ].map(parse)
    const hostile = fc
      .tuple(
        fc.array(fc.constantFrom("/", "a", "-", "a/", "//", "%2F", "aa-a"), { minLength: 1, maxLength: 6 }),
        fc.nat(9)
      )
      .map(
        ([units, rest]) => `x://${units.join("").repeat(Math.ceil(10_000 / units.join("").length))}${"a".repeat(rest)}`
      )
    // a backtracking matcher takes minutes here; a linear one takes microseconds per thousand characters
    const started = performance.now()
    fc.assert(
      fc.property(hostile, fc.constantFrom(...templates), (uri, template) => {
        const found = template.match(uri)
        if (found !== undefined) expect(parse(template.uri).match(template.expand(found))).toEqual(found)
      }),
      { numRuns: 200 }
    )
    for (const template of templates) template.match(`x://${"a/-".repeat(300_000)}`)
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  it("agrees with the regular expression the template stands for", () => {
    const piece = fc.constantFrom("a", "b", "/", "-", "/a", "ab", "-a-")
    const template = fc.array(fc.tuple(piece, fc.boolean()), { minLength: 1, maxLength: 4 }).map((parts) => ({
      uri: `x://${parts.map(([text, several], i) => `{v${i}${several ? "*" : ""}}${text}`).join("")}`,
      pattern: new RegExp(
        `^x://${parts.map(([text, several]) => `(${several ? "[^?#]" : "[^/?#]"}+?)${text}`).join("")}$`
      )
    }))
    const uri = fc.string({ unit: fc.constantFrom("a", "b", "/", "-"), maxLength: 14 }).map((rest) => `x://${rest}`)
    fc.assert(
      fc.property(template, uri, (made, candidate) => {
        const expected = made.pattern.exec(candidate)?.slice(1)
        const found = parse(made.uri).match(candidate)
        expect(found && Object.values(found)).toEqual(expected)
      }),
      { numRuns: 3000 }
    )
  })
})

describe("expanding", () => {
  it("percent-encodes all but unreserved characters, and keeps the slashes of a path", () => {
    const template = parse("x://{id}/{path*}{?q,r}")
    expect(template.expand({ id: "a/b é", path: "c d/e!", r: "1&2" })).toBe("x://a%2Fb%20%C3%A9/c%20d/e%21?r=1%262")
  })

  it("gives back what it was given, for any template and values", () => {
    const text = fc.constantFrom("/", "-", "/a/", "2", ".", "x", "/-", "aa", "%41")
    const kinds = fc.array(fc.tuple(fc.constantFrom("", "*"), text), { minLength: 1, maxLength: 4 })
    const value = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.string({ unit: fc.constantFrom("a", "/", "-", "2", "x", "%", ".", " ", "A"), minLength: 1, maxLength: 8 })
    )
    let refused = 0
    fc.assert(
      fc.property(kinds, fc.array(value, { minLength: 4, maxLength: 4 }), fc.option(value), (parts, values, query) => {
        const template = parse(`x://${parts.map(([star, after], i) => `{v${i}${star}}${after}`).join("")}{?q}`)
        const given = Object.fromEntries(parts.map((_, i) => [`v${i}`, values[i]!]))
        if (query !== null) given["q"] = query
        let uri: string
        try {
          uri = template.expand(given)
        } catch (error) {
          // the one thing no URI can say: a value holding an escape that the template has as a literal
          expect((error as Error).message).toContain("%41")
          refused++
          return
        }
        expect({ ...template.match(uri) }).toEqual(given)
      }),
      { numRuns: 3000 }
    )
    expect(refused).toBeLessThan(300)
  })

  it.each([
    [{}, 'give "id" a non-empty string'],
    [{ id: "" }, 'give "id" a non-empty string'],
    [{ id: "1", limt: "5" }, 'it has no variable "limt", only id, limit'],
    [{ id: "\ud800" }, '"id" holds half a surrogate pair'],
    [{ id: 4 as never }, '"id" must be a string']
  ])("says what is wrong with %j", (values, problem) => {
    expect(() => parse("user://{id}{?limit}").expand(values)).toThrow(problem)
  })
})

describe("definition errors", () => {
  it.each([
    ["user", "must begin with a scheme"],
    ["/user/{id}", "must begin with a scheme"],
    ["{scheme}://x", "must begin with a scheme"],
    ["1x://a", "must begin with a scheme"],
    ["x://{id", 'opens a "{" that is never closed; add "}" (character 5)'],
    ["x://id}", 'closes a "}" that was never opened'],
    ["x://{a{b}}", "nests braces"],
    ["x://{}", "has empty braces"],
    ["x://{?}", 'names a variable ""'],
    ["x://{a}{b}", "puts two variables side by side"],
    ["x://{a}/{a}", 'uses the variable "a" twice'],
    ["x://{a}{?a}", 'uses the variable "a" twice; give each variable its own name (character 10)'],
    ["x://{?a}/b", 'goes on after "{?…}"'],
    ["x://{?a}{?b}", 'goes on after "{?…}"'],
    ["x://a?b=1{?c}", 'has a literal "?" or "#" before'],
    ["x://{+a}", 'uses the operator "+"'],
    ["x://{&a}", 'uses the operator "&"'],
    ["x://{a,b}", "lists several variables"],
    ["x://{a:3}", 'limits a variable with ":"'],
    ["x://{a**}", 'names a variable "a*"'],
    ["x://{?a*}", 'names a variable "a*"'],
    ["x://{1a}", 'names a variable "1a"'],
    ["x://{__proto__}", 'names a variable "__proto__", which is unsafe'],
    ["x://{?constructor}", 'names a variable "constructor", which is unsafe'],
    ["x://{prototype*}", 'names a variable "prototype", which is unsafe'],
    ["x://a b", "contains a space"],
    ["x://50%/{a}", 'has a "%" that begins no escape']
  ])("%s: %s", (uri, problem) => {
    expect(() => parse(uri)).toThrow(DefinitionError)
    expect(() => parse(uri)).toThrow(`resource "${uri}": the URI "${uri}" ${problem}`)
  })

  it("never fails on arbitrary text in any other way", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("{", "}", "?", "*", ",", "a", "/", "%", "#") })
    )
    fc.assert(
      fc.property(text, text, (rest, uri) => {
        try {
          parse(`x://${rest}`).match(`x://${uri}`)
        } catch (error) {
          expect(error).toBeInstanceOf(DefinitionError)
        }
      }),
      { numRuns: 2000 }
    )
  })
})

describe("mounting", () => {
  it("puts the namespace first, in URIs and templates alike", () => {
    expect(mountUri("crm", "user://{id}/profile")).toBe("user://crm/{id}/profile")
    expect(mountUri("crm", "search://{?q}")).toBe("search://crm/{?q}")
    expect(() => mountUri("crm", "profile")).toThrow('"profile" cannot be mounted')
  })

  it("can be taken back, however deep", () => {
    const namespace = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/)
    fc.assert(
      fc.property(namespace, namespace, fc.webPath(), (outer, inner, path) => {
        const uri = `x://${path}`
        const mounted = mountUri(outer, mountUri(inner, uri))
        expect(unmountUri(inner, unmountUri(outer, mounted)!)).toBe(uri)
      })
    )
  })

  it("matches under the mount exactly what matched before", () => {
    const template = parse(mountUri("crm", "user://{id}/{rest*}{?q}"))
    expect({ ...template.match(mountUri("crm", "user://1/a/b?q=2")) }).toEqual({ id: "1", rest: "a/b", q: "2" })
  })

  it("leaves the URIs of others alone", () => {
    expect(unmountUri("crm", "user://crm2/1")).toBeUndefined()
    expect(unmountUri("crm", "user://crm")).toBeUndefined()
    expect(unmountUri("crm", "crm/1")).toBeUndefined()
  })
})

describe("precedence", () => {
  const conflict = (a: string, b: string) => templatesConflict(parse(a), parse(b))

  it("counts literal characters outside the braces", () => {
    expect(parse("user://{id}/profile{?q}").literals).toBe("user:///profile".length)
  })

  it.each([
    ["x://{a}", "x://{b}"],
    ["x://{a}", "x://{b*}"],
    ["x://{a}/b", "x://a/{b}"],
    ["x://{a*}ab", "x://ab{b*}"],
    ["x://{a}{?q}", "x://{b}"],
    ["x://{a}?q=1", "x://abcd{b}{?q}"],
    ["x://a", "x://a"]
  ])("%s and %s conflict", (a, b) => {
    expect([conflict(a, b), conflict(b, a)]).toEqual([true, true])
  })

  it.each([
    ["x://{a}", "y://{a}"],
    ["x://{a}", "x://a"],
    ["x://{a}/b", "x://{a}/c"],
    ["x://{a}/b/c", "x://{b}/d{c*}"],
    ["x://{a}/bc", "x://{b*}/c"],
    ["x://{a}/b", "x://c{d}e"]
  ])("%s and %s do not", (a, b) => {
    expect([conflict(a, b), conflict(b, a)]).toEqual([false, false])
  })

  it("never overlooks two templates that match one URI", () => {
    const part = fc.oneof(fc.constantFrom("a", "b", "/", "?", "#"), fc.constantFrom("{v}", "{v*}"))
    const template = fc.array(part, { minLength: 1, maxLength: 5 }).chain((parts) =>
      fc.boolean().map((query) => {
        let n = 0
        return `x://${parts.join("").replace(/\{v/g, () => `{v${n++}`)}${query ? "{?q}" : ""}`
      })
    )
    const valid = template.filter((uri) => {
      try {
        return parse(uri).isTemplate
      } catch {
        return false
      }
    })
    const uri = fc.string({ unit: fc.constantFrom("a", "b", "/", "?", "#", "?q=a"), maxLength: 7 })
    let overlaps = 0
    fc.assert(
      fc.property(valid, valid, fc.array(uri, { minLength: 30, maxLength: 30 }), (a, b, uris) => {
        const [one, two] = [parse(a), parse(b)]
        if (one.literals !== two.literals) return
        const both = uris.some(
          (rest) => one.match(`x://${rest}`) !== undefined && two.match(`x://${rest}`) !== undefined
        )
        if (!both) return
        overlaps++
        expect(templatesConflict(one, two)).toBe(true)
      }),
      { numRuns: 3000 }
    )
    expect(overlaps).toBeGreaterThan(50)
  })
})
