import { result, server, tool } from "mcpipe"
import * as v from "valibot"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"
import { listen, post, requestOf } from "./over-http.ts"

class Money {
  readonly cents = 150
  toJSON() {
    return "1.50 EUR"
  }
}

const rows = [
  ["date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["url", new URL("https://example.com/a"), "https://example.com/a"],
  ["money", new Money(), "1.50 EUR"]
] as const

const main = rows.reduce(
  (all, [name, value]) =>
    all
      .tool(tool({ name }, () => value as unknown))
      .tool(tool({ name: `${name}-result` }, () => result({ structured: value })))
      .tool(tool({ name: `${name}-content` }, () => result({ content: "see there", structured: value })))
      .tool(tool({ name: `${name}-output`, output: v.string() }, () => result({ structured: value }) as any)),
  server({ name: "s", version: "1" })
)

const cases = rows.flatMap(([name, _, text]) =>
  ["", "-result", "-content", "-output"].map((form) => [`${name}${form}`, text] as const)
)

/** The era, and what a string is in it: structured content had to be an object before 2026-07-28. */
const eras = [
  ["2025-11-25", "2025-11-25", (text: string): unknown => ({ result: text })],
  ["2026-07-28", "sessionless", (text: string): unknown => text]
] as const

describe.each(eras)("on %s", (revision, speak, form) => {
  let serving: Awaited<ReturnType<typeof listen>>
  beforeAll(async () => {
    serving = await listen(main)
  })
  afterAll(() => serving.close())

  it.each(cases)("%s is the string it travels as, in memory as over HTTP", async (name, text) => {
    await using wire = await connectWire(main, { speak })
    const inMemory = await wire.call(name)
    const overHttp = await post(serving.url, requestOf(revision, "tools/call", { name }))
    expect(inMemory.structuredContent).toStrictEqual(form(text))
    expect(overHttp.message.result).toStrictEqual(inMemory)
    expect(inMemory.content).toStrictEqual([
      { type: "text", text: name.endsWith("-content") ? "see there" : JSON.stringify(text) }
    ])
  })
})

it("dates inside of a record are strings as well", async () => {
  const inside = tool({ name: "inside" }, () => ({ at: new Date(0), all: [new Date(0)] }))
  const served = server({ name: "s", version: "1" }).tool(inside)
  const at = "1970-01-01T00:00:00.000Z"
  for (const [revision, speak] of eras) {
    await using wire = await connectWire(served, { speak })
    await using serving = await listen(served)
    const inMemory = await wire.call("inside")
    expect(inMemory.structuredContent).toStrictEqual({ at, all: [at] })
    const { message } = await post(serving.url, requestOf(revision, "tools/call", { name: "inside" }))
    expect(message.result).toStrictEqual(inMemory)
  }
})
