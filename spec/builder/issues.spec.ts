import fc from "fast-check"
import * as v from "valibot"
import { expect, it } from "vitest"
import { formatIssues, formatPath, makeIssue, shortJson } from "../../lib/builder/issues.ts"
import { toInputSchema } from "../../lib/builder/schema.ts"

it("tells a model where, what is expected, what came and what is allowed", () => {
  const schema = toInputSchema(
    {
      a: v.number(),
      unit: v.picklist(["C", "F"]),
      tags: v.array(v.object({ id: v.string() })),
      even: v.pipe(
        v.number(),
        v.check((n) => n % 2 === 0, "must be even")
      )
    },
    "input"
  )
  const decoded = schema.decode({ a: "1", unit: "K", tags: [{ id: "x" }, { id: 5 }], even: 3, "odd name": true })
  expect(decoded.ok).toBe(false)
  if (decoded.ok) return
  expect(formatIssues('Invalid arguments for tool "add"', decoded.issues)).toBe(
    `Invalid arguments for tool "add":
- a: expected number, received "1"
- unit: expected one of the allowed values, received "K"; allowed: "C", "F"
- tags[1].id: expected string, received 5
- even: must be even (received 3)
- ["odd name"]: expected no property of this name, received true; allowed: "a", "unit", "tags", "even"`
  )
})

it("never dumps a big value, whoever built the issue", () => {
  const big = "x".repeat(1_000_000)
  const decoded = toInputSchema(
    { a: v.number(), b: v.picklist(["k"], ({ received }) => `not ${received}`) },
    "input"
  ).decode({ a: big, b: big })
  const issues = decoded.ok ? [] : decoded.issues
  expect(issues[0]!.received.length).toBeLessThan(100)
  const own = { path: [big], expected: big, received: big, message: big, allowed: Array(1000).fill(big) }
  expect(formatIssues("Invalid", [...issues, own]).length).toBeLessThan(6000)
})

it("spells out twenty issues and counts the rest", () => {
  const issues = Array.from({ length: 25 }, (_, index) => makeIssue([index], "string", "1"))
  const lines = formatIssues("Invalid", issues).split("\n")
  expect(lines).toHaveLength(22)
  expect(lines.at(-1)).toBe("- … and 5 more")
})

it("names the root and lists no allowed names", () => {
  expect(formatIssues("Invalid", [makeIssue([], "object", "3")])).toBe(
    "Invalid:\n- (whole value): expected object, received 3"
  )
  expect(formatIssues("Invalid", [makeIssue(["a"], "nothing", "3", { allowed: [] })])).toContain("allowed: none")
})

it("writes paths as JavaScript does", () => {
  expect(formatPath(["user", "tags", 0, "x y", "$id"])).toBe('user.tags[0]["x y"].$id')
})

it("writes short JSON exactly and long JSON shortly", () => {
  expect(shortJson({ a: [1, "b", null, true] })).toBe('{"a":[1,"b",null,true]}')
  expect(shortJson(undefined)).toBe("nothing")
  expect(shortJson(Array(100_000).fill("item"))).toMatch(/^\["item",.*…\]$/)
  expect(shortJson({ at: new Date(0), run: () => 1, n: 1n })).toBe('{"at":Date,"run":function,"n":1}')
})

it("stays short for any JSON value", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      expect(shortJson(value).length).toBeLessThan(200)
    })
  )
})
