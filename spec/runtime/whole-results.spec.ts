import { Content, Data, prompt, Prompt, resource, Resource, result, server, tool } from "mcpipe"
import * as Option from "effect/Option"
import * as v from "valibot"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})

/** What was logged of each failure, without its stack. */
const logged = () =>
  [
    ...log.mock.calls
      .flat()
      .join("\n")
      .matchAll(/The (?:result|generator) .*/g)
  ].map(([line]) => line)

class Money {
  readonly #cents = 5
  readonly doubled = () => 2 * this.#cents
}
class Hidden {
  readonly #secret = 1
  get secret() {
    return this.#secret
  }
}
class Point {
  readonly x = 1
  readonly note: string | undefined = undefined
  length() {
    return this.x
  }
}
class Basket {
  readonly items = ["a"];
  *[Symbol.iterator]() {
    yield* this.items
  }
}
class Tally extends Map<string, number> {
  readonly total = 3
}
class Place extends Data.Class<{ readonly city: string }> {}

const numbers = function* () {
  yield 1
}
const slowly = async function* () {
  yield 1
}

/** What JSON would leave out, empty, or write as something else, and what the log says of it. */
const lossy: Readonly<Record<string, readonly [give: () => unknown, said: string]>> = {
  "a Map": [() => new Map([["a", 1]]), "is a Map; return Object.fromEntries(map), or an array: [...map]"],
  "a subclass of Map with fields": [
    () => new Tally(),
    "is a Map; return Object.fromEntries(map), or an array: [...map]"
  ],
  "a Set": [() => new Set([1]), "is a Set; return [...set]"],
  "a WeakMap": [() => new WeakMap(), "is a WeakMap; return an object of what its readers need"],
  "a WeakSet": [() => new WeakSet(), "is a WeakSet; return an array of what its readers need"],
  "the values of a Map": [
    () => new Map([["a", 1]]).values(),
    "is a Map Iterator, of which JSON tells nothing; return an array: [...it]"
  ],
  "an async generator": [
    slowly,
    "is an async generator; write function* with Effects, or an async function; collect what it gives in an array: for await (const one of it) all.push(one)"
  ],
  "a ReadableStream": [
    () => new ReadableStream(),
    "is a ReadableStream, which gives its values over time; collect what it gives in an array: for await (const one of it) all.push(one)"
  ],
  "a Response": [() => new Response("{}"), "is a Response; return what it holds: await response.json()"],
  "a Request": [() => new Request("http://a.example"), "is a Request; return what it holds: await request.json()"],
  "a Blob": [() => new Blob(["a"]), "is a Blob; return what it holds: await blob.text(), or Content.file"],
  URLSearchParams: [
    () => new URLSearchParams("a=1"),
    "is a URLSearchParams, of which JSON tells nothing; return an array: [...it]"
  ],
  "a RegExp": [() => /a/, "is a RegExp; return its source"],
  "an Error": [() => new RangeError("e"), "is an Error; throw it instead, or return its message"],
  "an Error with fields": [
    () => Object.assign(new Error("e"), { code: "ENOENT" }),
    "is an Error; throw it instead, or return its message"
  ],
  bytes: [
    () => new Uint8Array(2),
    "is binary; return Content.image, Content.audio or Content.file, from a resource a Uint8Array, inside of data base64 or [...numbers]"
  ],
  "a Buffer": [
    () => Buffer.from("a"),
    "is binary; return Content.image, Content.audio or Content.file, from a resource a Uint8Array, inside of data base64 or [...numbers]"
  ],
  "an invalid Date": [() => new Date("?"), "is an invalid Date, which JSON writes as null; return null"],
  "a function": [
    () => () => 1,
    "is a function, which JSON leaves out; call it and return what it gives, or leave it out"
  ],
  "a class": [() => Point, "is a function, which JSON leaves out; call it and return what it gives, or leave it out"],
  "a symbol": [() => Symbol("s"), "is a symbol, which JSON leaves out; return its description"],
  "private fields": [() => new Hidden(), "is a Hidden, of which JSON tells nothing; return an object of what it holds"]
}

/** Such values in places of their own; a promise at the top is simply awaited, and a number is text. */
const within: Readonly<Record<string, readonly [give: () => unknown, said: string]>> = {
  "a promise": [() => ({ rows: [Promise.resolve(1)] }), "$.rows[0] is a Promise; await it"],
  "a generator": [
    () => ({ a: numbers() }),
    "$.a is a Generator, of which JSON tells nothing; return an array: [...it]"
  ],
  NaN: [() => [1, Number.NaN], "$[1] is NaN, which JSON writes as null; return null or a string"],
  "an infinity": [
    () => ({ "per-cent": -Infinity }),
    '$["per-cent"] is -Infinity, which JSON writes as null; return null or a string'
  ],
  "a function of an instance": [
    () => ({ price: new Money() }),
    "$.price.doubled is a function, which JSON leaves out; call it and return what it gives, or leave it out"
  ],
  "a function in an array": [
    () => [() => 1],
    "$[0] is a function, which JSON leaves out; call it and return what it gives, or leave it out"
  ],
  "a Map behind two fine values": [
    () => ({ at: new Date(0), point: new Point(), rows: [{ tags: new Map() }] }),
    "$.rows[0].tags is a Map; return Object.fromEntries(map), or an array: [...map]"
  ]
}

const cases = [
  ...Object.entries(lossy).flatMap(([what, [give, said]]) => [
    [what, give, `$ ${said}`] as const,
    [`${what} as a member`, () => ({ a: [{ b: give() }] }), `$.a[0].b ${said}`] as const
  ]),
  ...Object.entries(within).map(([what, [give, said]]) => [what, give, said] as const)
]

const masked = /^Internal error \(reference [0-9a-f]{8}\)$/

describe.each(["sessionless", "2025-11-25"] as const)("what JSON would not tell whole (%s)", (speak) => {
  it.each(cases)("%s is an error of the tool, named in the log with its place and a fix", async (_, give, said) => {
    await using wire = await connectWire(server(info).tool(tool({ name: "t" }, give as () => string)), { speak })
    expect(await wire.call("t")).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(masked) }] })
    expect(logged()).toEqual([`The result cannot be sent: ${said}.`])
  })

  it.each(cases.filter(([what]) => what !== "bytes" && what !== "a Buffer"))(
    "%s is an error of the resource as well",
    async (_, give, said) => {
      const odd = resource({ uri: "x://y" }, give as () => string)
      await using wire = await connectWire(server(info).resource(odd), { speak })
      const { error } = await wire.request("resources/read", { uri: "x://y" })
      expect(error).toEqual({ code: -32603, message: expect.stringMatching(masked) })
      expect(logged()).toEqual([`The result cannot be sent: ${said}.`])
    }
  )

  it.each<[string, () => unknown]>([
    ["structured content", () => result({ structured: { a: new Map() } })],
    ["metadata", () => result({ content: "a", meta: { a: new Map() } })],
    ["metadata of content", () => Content.text("a", { meta: { a: new Map() } })]
  ])("is refused in %s", async (_, give) => {
    await using wire = await connectWire(server(info).tool(tool({ name: "t" }, give as () => string)), { speak })
    expect(await wire.text("t")).toMatch(masked)
    expect(logged()).toEqual([
      "The result cannot be sent: $.a is a Map; return Object.fromEntries(map), or an array: [...map]."
    ])
  })

  it("is refused in what prompts and resources say by their constructors", async () => {
    const lost = { a: new Set() }
    const s = server(info)
      .prompt(prompt({ name: "p" }, () => Prompt.result({ messages: "a", meta: lost })))
      .resource(resource({ uri: "x://y" }, () => Resource.json(lost)))
    await using wire = await connectWire(s, { speak })
    const got = await wire.request("prompts/get", { name: "p" })
    const read = await wire.request("resources/read", { uri: "x://y" })
    for (const { error } of [got, read]) expect(error).toEqual({ code: -32603, message: expect.stringMatching(masked) })
    const said = "The result cannot be sent: $.a is a Set; return [...set]."
    expect(logged()).toEqual([said, said])
  })

  it("is not hidden by an output schema that finds nothing in it", async () => {
    const counts = tool(
      { name: "counts", output: v.object({ days: v.array(v.object({ counts: v.record(v.string(), v.number()) })) }) },
      () => ({ days: [{ counts: new Map([["a", 1]]) as never }] })
    )
    await using wire = await connectWire(server(info).tool(counts), { speak })
    expect(await wire.text("counts")).toMatch(masked)
    expect(logged()).toEqual([
      "The result cannot be sent: $.days[0].counts is a Map; return Object.fromEntries(map), or an array: [...map]."
    ])
  })

  it("is refused where an output schema takes it for a number", async () => {
    const share = tool({ name: "share", output: v.object({ share: v.number() }) }, () => ({ share: 1 / 0 }))
    await using wire = await connectWire(server(info).tool(share), { speak })
    expect(await wire.text("share")).toMatch(masked)
    expect(logged()).toEqual([
      "The result cannot be sent: $.share is Infinity, which JSON writes as null; return null or a string."
    ])
  })

  it.each<[string, () => unknown, string]>([
    ["data", numbers, "The generator yields 1, which is no Effect: return data as an array, [...it]."],
    [
      "promises",
      function* () {
        yield Promise.resolve(1)
      },
      "The generator yields a promise, which is no Effect: write yield* Effect.promise(() => …), or an async function."
    ]
  ])("is said of a handler that generates %s", async (_, handler, said) => {
    await using wire = await connectWire(server(info).tool(tool({ name: "t" }, handler as () => string)), { speak })
    expect(await wire.text("t")).toMatch(masked)
    expect(logged()).toEqual([said])
  })
})

describe.each(["sessionless", "2025-11-25"] as const)("what JSON tells whole arrives (%s)", (speak) => {
  it.each<[string, () => unknown, string]>([
    ["members that are undefined", () => ({ a: undefined, b: [undefined] }), '{"b":[null]}'],
    ["instances with fields", () => ({ p: new Point(), b: new Basket() }), '{"p":{"x":1},"b":{"items":["a"]}}'],
    ["instances of Data.Class", () => new Place({ city: "Oslo" }), '{"city":"Oslo"}'],
    ["objects without a prototype", () => Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ["dates and URLs", () => [new Date(0), new URL("x://y")], '["1970-01-01T00:00:00.000Z","x://y"]'],
    [
      "what has a toJSON",
      () => ({ a: { toJSON: () => "b" }, o: [Option.none()] }),
      '{"a":"b","o":[{"_id":"Option","_tag":"None"}]}'
    ],
    ["empty objects and arrays", () => ({ a: {}, b: [], c: null }), '{"a":{},"b":[],"c":null}'],
    [
      "inherited functions that can be enumerated",
      () => Object.assign(Object.create(Object.assign(Object.create(null), { f: () => 1 })), { a: 1 }),
      '{"a":1}'
    ]
  ])("%s", async (_, give, text) => {
    await using wire = await connectWire(server(info).tool(tool({ name: "t" }, give as () => string)), { speak })
    expect(await wire.call("t")).toMatchObject({ content: [{ type: "text", text }] })
    expect(log).not.toHaveBeenCalled()
  })

  it("by output schemas that make something of it", async () => {
    const counts = v.pipe(
      v.map(v.string(), v.number()),
      v.transform((map): Record<string, number> => Object.fromEntries(map)),
      v.record(v.string(), v.number())
    )
    const given = [new Map([["a", 1]]), new Map<string, number>()]
    const tallies = tool({ name: "tallies", output: v.object({ given: v.array(counts) }) }, () => ({ given }))
    await using wire = await connectWire(server(info).tool(tallies), { speak })
    expect(await wire.call("tallies")).toMatchObject({ structuredContent: { given: [{ a: 1 }, {}] } })
  })
})
