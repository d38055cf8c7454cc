import * as fc from "fast-check"
import { expect, it } from "vitest"
import { linearPattern } from "../../lib/transforms/linear-pattern.ts"

const matches = (source: string, text: string) => linearPattern(source)(text, { left: 1_000_000 })

const atom = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "a",
      "b",
      "c",
      ".",
      "\\d",
      "\\w",
      "\\s",
      "\\W",
      "[ab]",
      "[^a]",
      "[a-c1]",
      "[\\d_]",
      "-",
      "\\."
    )
  },
  { weight: 1, arbitrary: fc.constantFrom("^", "$", "\\b", "\\B") }
)
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `${one}${other}`),
    fc.tuple(tie("pattern"), tie("pattern")).map(([one, other]) => `(${one}|${other})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "{1,}", "*?"))
      .map(([one, more]) => `(?:${one})${more}`)
  )
}))

it("matches what JavaScript's own regular expressions match", () => {
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom("a", "b", "c", "A", "1", " ", "_", ".", "-", "\n"), maxLength: 8 }),
      (source, text) => {
        expect(matches(source, text)).toBe(new RegExp(source, "im").test(text))
      }
    ),
    { numRuns: 3_000 }
  )
})

it("never goes back: what takes others for ever ends within its budget", () => {
  const budget = { left: 1_000_000 }
  expect(linearPattern("^(a+)+$")(`${"a".repeat(2_000)}!`, budget)).toBe(false)
  expect(linearPattern("(.*)*(.*)*x")("y".repeat(2_000), budget)).toBe(false)
  expect(budget.left).toBeGreaterThan(800_000)
  expect(() => linearPattern("a")("b".repeat(100), { left: 50 })).toThrow("it takes too long to search with")
})

it.each([
  ["(?=a)", "there is no looking around"],
  ["(?<n>a)", "there is no looking around, and there are no names"],
  ["(a)\\1", "\\1 is not known"],
  ["\\p{L}", "\\p is not known"],
  ["a)", "a ) has no ( before it"],
  ["(a", "a ( has no ) behind it"],
  ["[a", "a [ has no ] behind it"],
  ["*a", "* has nothing before it to repeat"],
  ["a**", "what is repeated is repeated again"],
  ["a{2,1}", "{2,1} is in the wrong order"],
  ["a{999}", "it repeats more than 100 times"],
  ["((a{100}){100}){100}", "it is too large"],
  ["[b-a]", "the range b-a is in the wrong order"],
  ["a\\", "it ends with a \\"],
  [`${"(".repeat(30)}a${")".repeat(30)}`, "nested too deep"]
])("says what is wrong with %s", (source, why) => {
  expect(() => linearPattern(source)).toThrow(why)
})
