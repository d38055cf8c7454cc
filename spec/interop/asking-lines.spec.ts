import { accept } from "mcpipe"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { connect, type RoundOptions, type TestClient } from "../kit/clients.ts"
import { combinations, nameOf } from "../kit/eras.ts"
import { closeElsewhere, elsewhere, lines, served, startOver } from "./asking-lines.ts"

const sessionless = combinations.filter(({ era, transport }) => era === "sessionless" && transport !== "stdio")

/** Long enough for anything that is still running to run on: a request there and back, and some turns of the loop. */
const settle = async (client: TestClient) => {
  await client.list("tools")
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const respondent = {
  capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
  answer: ({ method }: { readonly method: string }) =>
    method === "elicitation/create"
      ? accept({ value: "1", ok: true })
      : { role: "assistant", model: "m", content: { type: "text", text: "3" } }
}

describe.each(sessionless.map((at) => [nameOf(at), at] as const))("a suspended handler (%s)", (_, at) => {
  let client: TestClient
  beforeAll(async () => {
    client = await connect(served, at, respondent)
  })
  afterAll(() => client[Symbol.asyncDispose]())
  beforeEach(() => {
    startOver()
    closeElsewhere()
  })

  /** The lines of one round, told apart from those that came after its answer. */
  const round = async (name: string, options?: RoundOptions) => {
    startOver()
    const result = await client.round(name, {}, options)
    await settle(client)
    const next = { requestState: result.requestState, inputResponses: answersTo(result.inputRequests) }
    return { lines: [...lines], questions: questionsOf(result), content: result.content, next }
  }

  const answersTo = (requests: Readonly<Record<string, any>> = {}) =>
    Object.fromEntries(Object.entries(requests).map(([id, { method }]) => [id, respondent.answer({ method })]))

  const questionsOf = ({ inputRequests = {} }: any): ReadonlyArray<string> =>
    Object.values<any>(inputRequests).map(({ params }) => params.message ?? params.messages[0].content.text)

  it("runs no line of an Effect, but its finalizers", async () => {
    const first = await round("effect")
    expect(first.lines).toEqual(["start", "(interrupted)", "(ensured)", "(closed)"])
    const second = await round("effect", first.next)
    expect(second.lines).toEqual(["start", "one 1", "(ensured)", "between", "(closed)"])
    const third = await round("effect", second.next)
    expect(third.lines).toEqual(["start", "one 1", "(ensured)", "between", "after two", "(closed)"])
    expect(third.content).toEqual([{ type: "text", text: "done" }])
  })

  it("runs no line of a generator, its catch and finally included", async () => {
    const first = await round("generator")
    expect(first.lines).toEqual(["start", "(closed)"])
    const second = await round("generator", first.next)
    expect(second.lines).toEqual(["start", "one 1", "finally", "between", "(closed)"])
    const third = await round("generator", second.next)
    expect(third.lines).toEqual(["start", "one 1", "finally", "between", "after two", "(closed)"])
  })

  it("runs no line of an async function, its catch and finally included, and tells its signal", async () => {
    const first = await round("async")
    expect(first.lines).toEqual(["start", "(aborted)", "(deferred)"])
    const second = await round("async", first.next)
    expect(second.lines).toEqual(["start", "finally inside", "one 1", "finally", "between", "(aborted)", "(deferred)"])
    const third = await round("async", second.next)
    expect(third.lines).toEqual([
      "start",
      "finally inside",
      "one 1",
      "finally",
      "between",
      "then",
      "after two",
      "(deferred)"
    ])
  })

  it("settles none of the promises that its questions were put into", async () => {
    const first = await round("together")
    expect(first.lines).toEqual(["stepped once", "ran at once"])
    expect(first.questions).toEqual(["One?", "Two?", "Three?"])
    const second = await round("together", first.next)
    expect(new Set(second.lines)).toEqual(
      new Set([
        "stepped once",
        "ran at once",
        "finally of nobody",
        "finally of race",
        "iterated 1",
        "finally of iterator",
        "settled",
        "all"
      ])
    )
    expect(second.content).toEqual([{ type: "text", text: "done" }])
  })

  it("asks, does and tells nothing any more through its context, whatever else it waited for", async () => {
    const first = await round("outside")
    expect([first.lines, first.questions]).toEqual([[], ["One?"]])
    startOver()
    elsewhere.open()
    await settle(client)
    expect(lines).toEqual(["elsewhere, told"])
  })

  it("runs no line of a resource or prompt", async () => {
    // the client itself goes through the rounds of these
    expect((await client.read("lines://resource"))["contents"][0].text).toBe("1")
    await settle(client)
    expect(lines).toEqual(["start", "start", "finally"])
    startOver()
    expect((await client.get("prompt"))["messages"][0].content.text).toBe("1")
    await settle(client)
    expect(lines).toEqual(["start", "start", "finally"])
  })

  it("runs no line of the middleware inside of the request, but its finalizers", async () => {
    const first = await round("watched_tool")
    expect(first.lines).toEqual(["before", "start", "step", "(ensured)", "paused"])
    const second = await round("watched_tool", first.next)
    expect(second.lines).toEqual(["before", "start", "(ensured)", "after", "complete"])
  })
})
