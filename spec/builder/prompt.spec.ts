import { DefinitionError, prompt } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"

const handler = () => "p"

describe("a prompt", () => {
  it("lists its arguments with what their schemas say of them", () => {
    const p = prompt(
      {
        name: "p",
        args: {
          code: v.pipe(v.string(), v.title("Code"), v.description("What to review")),
          style: v.optional(v.picklist(["a", "b"]))
        }
      },
      handler
    )
    expect(p.arguments).toEqual([
      { name: "code", required: true, title: "Code", description: "What to review" },
      { name: "style", required: false }
    ])
    expect(JSON.stringify(p)).toBe('{"_id":"Prompt","name":"p"}')
    expect(() => Object.assign(p, { name: "q" })).toThrow(TypeError)
  })

  it.each<[string, () => unknown, string]>([
    ["no name", () => prompt({} as never, handler), "prompt name undefined: use a non-empty string."],
    ["a blank name", () => prompt({ name: " " }, handler), 'prompt name " ": use a non-empty string.'],
    [
      "no handler",
      () => (prompt as any)({ name: "p" }),
      'prompt "p": the second argument must be its handler function.'
    ],
    [
      "a number argument",
      () => prompt({ name: "p", args: { n: v.number() } }, handler),
      'prompt "p" args at n: takes number, but the value arrives as a string. Use v.pipe(v.string(), v.transform(Number)).'
    ],
    [
      "a boolean argument",
      () => prompt({ name: "p", args: { b: v.boolean() } }, handler),
      'prompt "p" args at b: takes boolean, but the value arrives as a string. Use v.pipe(v.picklist(["true", "false"]), v.transform((text) => text === "true")).'
    ],
    [
      "an object argument",
      () => prompt({ name: "p", args: { o: v.strictObject({}) } }, handler),
      'prompt "p" args at o: takes object, but the value arrives as a string. Use v.pipe(v.string(), v.parseJson()).'
    ],
    [
      "a completion of no argument",
      () => prompt({ name: "p", args: { a: v.string() }, complete: { b: () => [] } as never }, handler),
      'prompt "p": complete.b names an argument that does not exist; it has a.'
    ],
    [
      "a completion where there are no arguments",
      () => prompt({ name: "p", complete: { constructor: () => [] } as never }, handler),
      'prompt "p": complete.constructor names an argument that does not exist; it has none.'
    ],
    [
      "a completion that is no function",
      () => prompt({ name: "p", args: { a: v.string() }, complete: { a: ["x"] as never } }, handler),
      'prompt "p": complete.a must be a function.'
    ],
    [
      "a timeout of 0",
      () => prompt({ name: "p", timeout: 0 }, handler),
      'prompt "p": timeout is 0; it must be a positive number of milliseconds.'
    ]
  ])("with %s is refused", (_, make, message) => {
    expect(make).toThrow(new DefinitionError(message))
  })
})
