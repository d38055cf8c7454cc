import { DefinitionError } from "mcpipe"
import { describe, expect, it } from "vitest"
import { OptionReader } from "../../lib/builder/options.ts"

interface Options {
  readonly flag?: boolean | undefined
  readonly count?: number | undefined
  readonly mode?: "a" | "b" | "c" | undefined
  readonly name?: string | undefined
  readonly names?: ReadonlyArray<string> | undefined
  readonly run?: (() => void) | undefined
}

const names = ["flag", "count", "mode", "name", "names", "run"] as const

const read = (given: unknown) => new OptionReader<Options>("thing", given as Options, names)

describe("options are read", () => {
  it("as they are given, or as is usual where they are left out or undefined", () => {
    const run = () => {}
    const given = read({ flag: true, count: 2, mode: "b", name: "n", names: ["tools/call"], run })
    expect([
      given.flag("flag", false),
      given.integer("count", { min: 1, max: 2 }),
      given.oneOf("mode", ["a", "b"], "a")
    ]).toEqual([true, 2, "b"])
    expect([
      given.text("name"),
      given.texts("names"),
      given.list("names"),
      given.fn("run"),
      given.value("count")
    ]).toEqual(["n", ["tools/call"], ["tools/call"], run, 2])
    expect(given.methods("names")).toEqual(new Set(["tools/call"]))
    expect(given.selection("name")?.text).toBe("n")
    for (const empty of [read({}), read({ flag: undefined, count: undefined, names: undefined })]) {
      expect([empty.flag("flag", true), empty.number("count", { min: 1, max: 2 }, 1.5), empty.list("names")]).toEqual([
        true,
        1.5,
        []
      ])
      expect([empty.text("name"), empty.fn("run"), empty.methods("names"), empty.selection("name")]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined
      ])
    }
  })

  it.each<[unknown, (options: OptionReader<Options>) => unknown, string]>([
    [undefined, () => {}, "thing: pass a record of options: flag, count, mode, name, names, run."],
    [null, () => {}, "thing: pass a record of options: flag, count, mode, name, names, run."],
    [[], () => {}, "thing: pass a record of options: flag, count, mode, name, names, run."],
    [{ flags: true }, () => {}, 'thing: there is no option "flags"; there are flag, count, mode, name, names, run.'],
    [{ flag: 1 }, (o) => o.flag("flag", true), "thing: flag is 1; use true or false."],
    [{}, (o) => o.integer("count", { min: 1, max: 9 }), "thing: count is nothing; use an integer from 1 to 9."],
    [{ count: 1.5 }, (o) => o.integer("count", { min: 1, max: 9 }), "thing: count is 1.5; use an integer from 1 to 9."],
    [
      { count: Number.NaN },
      (o) => o.number("count", { min: 0, max: 9, unit: "bytes" }),
      "thing: count is NaN; use a number from 0 to 9, in bytes."
    ],
    [
      { count: null },
      (o) => o.number("count", { min: 0, max: 9 }, 1),
      "thing: count is null; use a number from 0 to 9."
    ],
    [{ mode: "d" }, (o) => o.oneOf("mode", ["a", "b", "c"], "a"), 'thing: mode is "d"; use "a", "b" or "c".'],
    [{ name: " " }, (o) => o.text("name"), 'thing: name is " "; use a non-empty string.'],
    [{ names: "a" }, (o) => o.texts("names"), 'thing: names is "a"; use an array of non-empty strings.'],
    [{ names: {} }, (o) => o.list("names"), "thing: names is {}; use an array."],
    [
      { names: [] },
      (o) => o.methods("names"),
      'thing: names is []; use an array of MCP methods, such as ["tools/call"].'
    ],
    [{ names: ["c"] }, (o) => o.methods("names", ["a", "b"]), 'thing: names is ["c"]; use an array of some of a, b.'],
    [{ run: "now" }, (o) => o.fn("run"), 'thing: run is "now"; use a function.'],
    [
      { names: [5] },
      (o) => o.selection("names"),
      "thing: names is [5]; use names, in which * stands for anything, { tag }, a function, or an array of these."
    ]
  ])("and %j is refused with what to write instead", (given, use, message) => {
    expect(() => use(read(given))).toThrow(new DefinitionError(message))
  })
})
