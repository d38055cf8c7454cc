import { jsonSchema, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"

const many = <A>(count: number, one: (n: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, n) => one(n))

const schema = jsonSchema({
  type: "object",
  properties: { unique: { uniqueItems: true }, chosen: { items: { enum: many(1_000, (n) => `choice ${n}`) } } }
})
const inner = server({ name: "inner", version: "1" })
  .tool(tool({ name: "check", input: schema }, () => "fits"))
  .tool(tool({ name: "list", input: { texts: v.array(v.string()) } }, () => "fits"))
const main = server({ name: "outer", version: "1" }).mount("inner", inner)

// what took seconds to minutes when each item was compared with each other one
describe.each(["2025-11-25", "sessionless"] as const)(
  "a call of as many values as a body may hold, at %s",
  (revision) => {
    it.each<[string, object, string]>([
      ["check", { unique: many(24_900, (n) => ({ n })) }, "fits"],
      [
        "check",
        { unique: [...many(63_000, (n) => `${n}`), "7"] },
        /Invalid arguments for tool "inner_check":\n- unique: expected items that differ from each other, received \["0",.*\]$/
      ],
      [
        "check",
        { chosen: many(63_000, () => "choice 1000") },
        /\n- chosen\[19\]: expected one of the allowed values.*, … 950 more\n- … and at least 10980 more$/
      ],
      [
        "list",
        { texts: many(159_000, (n) => n) },
        'Invalid arguments for tool "inner_list":\n- texts[0]: expected string, received 0\n- … and at least 1000 more'
      ]
    ] as never)("is answered soon, and %s says whether they fit", async (name, args, text) => {
      await using wire = await connectWire(main, { speak: revision })
      const result = await wire.call(`inner_${name}`, args)
      expect(result.content).toEqual([
        { type: "text", text: typeof text === "string" ? text : expect.stringMatching(text as RegExp) }
      ])
      expect(result.isError === true).toBe(text !== "fits")
    })
  }
)
