import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { findJson } from "../../lib/services/sampling-json.ts"

const found = (text: string): unknown => {
  const json = findJson(text)
  return json.found ? json.value : "nothing found"
}

/** JSON as it comes back from its text: -0 does not. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)
const structure = fc
  .oneof(fc.array(json), fc.dictionary(fc.string(), json))
  .map((value) => JSON.parse(JSON.stringify(value)))
/** Words that open nothing and fence nothing. */
const prose = fc.string({ unit: fc.constantFrom(..."abc XYZ.,:;!?'\"\n-0123\\()<>") })
const indent = fc.constantFrom(undefined, 2, "\t")

describe("findJson", () => {
  it("gives back whatever a model wrote as JSON and nothing else", () => {
    fc.assert(
      fc.property(json, indent, fc.constantFrom("", " ", "\n", "\r\n"), (value, space, around) => {
        expect(found(`${around}${JSON.stringify(value, null, space)}${around}`)).toEqual(value)
      })
    )
  })

  it("finds any JSON in a fenced block, whatever is said around it", () => {
    const info = fc.constantFrom("", "json", "JSON5 title=x", " json")
    fc.assert(
      fc.property(
        json,
        indent,
        prose,
        prose,
        info,
        fc.constantFrom("```", "~~~~"),
        (value, space, a, b, said, mark) => {
          fc.pre(!/^[\s\d"'-]*$/.test(a))
          const text = `${a}\n${mark}${said}\n${JSON.stringify(value, null, space)}\n${mark}\n${b}`
          expect(found(text)).toEqual(value)
        }
      )
    )
  })

  it("finds an object or array that stands in prose", () => {
    fc.assert(
      fc.property(structure, indent, prose, prose, (value, space, a, b) => {
        fc.pre(/[a-z]/i.test(a))
        expect(found(`${a}${JSON.stringify(value, null, space)}${b}`)).toEqual(value)
      })
    )
  })

  it("never throws", () => {
    const anything = fc.string({ unit: fc.constantFrom(...'{}[]",:\\`~\n1a '), maxLength: 200 })
    fc.assert(fc.property(anything, (text) => typeof findJson(text).found === "boolean"))
  })

  it.each([
    ["the first block that is JSON", '```ts\nconst a = {}\n```\n```json\n{"a":1}\n```\n```\n[2]\n```', { a: 1 }],
    ["a block that is never closed", 'Here:\n```json\n{"a": 1}', { a: 1 }],
    ["a block on one line", 'Here: ```json {"a":1} ```', { a: 1 }],
    ["a block inside of a longer fence", '````\n{"a":"```"}\n````', { a: "```" }],
    ["brackets and quotes in strings", 'So: {"a":"}]\\"{","b":[1]} there', { a: '}]"{', b: [1] }],
    ["what comes after braces that are no JSON", 'For {name}: {"a":1}', { a: 1 }],
    ["what comes after a brace that never closes", 'Use { then ["x"]', ["x"]]
  ])("finds %s", (_, text, value) => {
    expect(found(text)).toEqual(value)
  })

  it.each([
    ["words", "I would rather not."],
    ["nothing", ""],
    ["a part of broken JSON", '{"a": [1, 2], b}'],
    ["JSON that was cut off", '{"a": "b'],
    ["a number in a sentence", "It is 42."]
  ])("takes nothing from %s", (_, text) => {
    expect(found(text)).toBe("nothing found")
  })

  // looking on from every bracket would take hours
  it("does not search for ever in what only opens", () => {
    expect(found("{".repeat(200_000))).toBe("nothing found")
    expect(found('[{"a":'.repeat(50_000))).toBe("nothing found")
    expect(found("```\n".repeat(50_000))).toBe("nothing found")
  })
})
