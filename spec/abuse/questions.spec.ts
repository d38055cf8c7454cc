import { describe, expect, it } from "vitest"
import { accepted, connected, ended } from "./questions.ts"

describe("a question over a connection", () => {
  it("that is never answered fails the call after askTimeout, and leaves nothing running", async () => {
    const client = await connected("2025-11-25")
    client.call(1, "ask")
    await client.clock.adjust("10 minutes")
    expect(client.answers(1)).toEqual([
      {
        jsonrpc: "2.0",
        id: 1,
        result: {
          isError: true,
          content: [{ type: "text", text: "The client did not answer elicitation/create within 600000 ms." }]
        }
      }
    ])
    expect(client.asked("notifications/cancelled")).toHaveLength(1)
    expect([client.fibers(), ended]).toEqual([0, ["ask"]])
  })

  it("that is answered after its time, twice, or by nobody who was asked, changes nothing", async () => {
    const client = await connected("2025-11-25")
    client.call(1, "ask")
    await client.clock.adjust("10 minutes")
    const [late] = client.asked("elicitation/create")
    client.send({ id: late.id, result: accepted("Too late") })
    client.call(2, "ask")
    await client.settle()
    const [, question] = client.asked("elicitation/create")
    client.send({ id: "mcpipe-99", result: accepted("Nobody asked") })
    client.send({ id: question.id, result: accepted("Oslo") })
    client.send({ id: question.id, result: accepted("Bergen") })
    client.send({ id: question.id, error: { code: -1, message: "changed my mind" } })
    await client.settle()
    expect(client.answers(1)).toHaveLength(1)
    expect(client.answers(2).map(({ result }) => result.content)).toEqual([[{ type: "text", text: "Oslo" }]])
    expect(client.fibers()).toBe(0)
  })

  it("ends with its client, and so does the call", async () => {
    const client = await connected("2025-11-25")
    client.call(1, "ask")
    await client.settle()
    client.connection.interrupt("disconnected")
    await client.settle()
    expect(client.answers(1)).toEqual([])
    expect([client.fibers(), ended]).toEqual([0, ["ask"]])
  })

  it("that a tool asks which a model uses which a tool asked, finds its way back", async () => {
    const client = await connected("2025-11-25")
    client.call(1, "nested")
    await client.settle()
    const model = { role: "assistant", model: "m" }
    const use = { type: "tool_use", id: "u1", name: "inner", input: {} }
    const [first] = client.asked("sampling/createMessage")
    client.send({ id: first.id, result: { ...model, content: use, stopReason: "toolUse" } })
    await client.settle()
    const [question] = client.asked("elicitation/create")
    expect(question.params.message).toBe("Where to, inside?")
    client.send({ id: question.id, result: accepted("Oslo") })
    await client.settle()
    const [, second] = client.asked("sampling/createMessage")
    expect(JSON.stringify(second.params.messages)).toContain("Oslo")
    client.send({ id: second.id, result: { ...model, content: { type: "text", text: "To Oslo." } } })
    await client.settle()
    expect(client.answers(1)[0].result.content).toEqual([{ type: "text", text: "To Oslo." }])
    expect(client.fibers()).toBe(0)
  })

  it("inside of a call that its client cancels is over, however deep it is", async () => {
    const client = await connected("2025-11-25")
    client.call(1, "nested")
    await client.settle()
    const [first] = client.asked("sampling/createMessage")
    const use = { type: "tool_use", id: "u1", name: "inner", input: {} }
    client.send({
      id: first.id,
      result: { role: "assistant", model: "m", content: use, stopReason: "toolUse" }
    })
    await client.settle()
    client.send({ method: "notifications/cancelled", params: { requestId: 1 } })
    await client.settle()
    const [question] = client.asked("elicitation/create")
    expect(client.asked("notifications/cancelled").map(({ params }) => params.requestId)).toEqual([question.id])
    expect([client.answers(1), client.fibers()]).toEqual([[], 0])
  })
})

describe("a question on 2026-07-28", () => {
  it("that nobody comes back to costs nothing", async () => {
    const client = await connected("2026-07-28")
    for (let id = 1; id <= 100; id++) client.call(id, "ask")
    for (let turn = 0; client.received.length < 100 && turn < 100; turn++) await client.settle()
    expect(client.received.filter(({ result }) => result?.resultType === "input_required")).toHaveLength(100)
    expect([client.fibers(), ended.length]).toEqual([0, 100])
  })

  it("may be answered twice: each answer goes on with its own round", async () => {
    const client = await connected("2026-07-28")
    client.call(1, "ask")
    for (let turn = 0; client.answers(1).length === 0 && turn < 100; turn++) await client.settle()
    const { inputRequests, requestState } = client.answers(1)[0].result
    const [key] = Object.keys(inputRequests)
    for (const [id, name] of [
      [2, "Oslo"],
      [3, "Bergen"]
    ] as const) {
      client.call(id, "ask", { requestState, inputResponses: { [key!]: accepted(name) } })
    }
    const answered = () => client.answers(2).length + client.answers(3).length
    for (let turn = 0; answered() < 2 && turn < 100; turn++) await client.settle()
    expect([2, 3].map((id) => client.answers(id)[0].result.content[0].text)).toEqual(["Oslo", "Bergen"])
    expect(client.fibers()).toBe(0)
  })
})
