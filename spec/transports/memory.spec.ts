import { InMemoryTransport as InMemoryV1 } from "@modelcontextprotocol/sdk/inMemory.js"
import { InMemoryTransport as InMemoryV2 } from "@modelcontextprotocol/server"
import { describe, expect, it } from "vitest"
import { type MessageTransport, serveTransport } from "../../lib/transports/memory.ts"
import { fakePorts } from "../kit/fake-ports.ts"

const pairs: ReadonlyArray<readonly [string, () => readonly [MessageTransport, MessageTransport]]> = [
  ["the SDK's version 1", () => InMemoryV1.createLinkedPair()],
  ["the SDK's version 2", () => InMemoryV2.createLinkedPair()]
]

describe.each(pairs)("an in-memory pair of %s", (_, createPair) => {
  const start = async (gracePeriod = 10_000) => {
    const [client, server] = createPair()
    const fake = fakePorts()
    const answers: Array<any> = []
    const waiting: Array<(answer: any) => void> = []
    client.onmessage = (message) => {
      answers.push(message)
      waiting.shift()?.(message)
    }
    const serving = await serveTransport(fake.ports, server, gracePeriod)
    await client.start()
    /** The message after those that are waited for. */
    const another = (): Promise<any> => new Promise((resolve) => waiting.push(resolve))
    const ask = (message: object): Promise<any> => {
      const answer = another()
      void client.send(message)
      return answer
    }
    return { ...fake, ...serving, client, answers, ask, another }
  }

  const call = (id: number | string, method: string, params?: object) => ({ jsonrpc: "2.0", id, method, params })

  it("carries calls, notifications and prepared results", async () => {
    const { ask, another, answers } = await start()
    expect(await ask(call(1, "echo", { n: 1 }))).toStrictEqual({ jsonrpc: "2.0", id: 1, result: { n: 1 } })
    expect(await ask(call("a", "prepared"))).toStrictEqual({
      jsonrpc: "2.0",
      id: "a",
      result: { tools: [{ name: "größe" }] }
    })
    await Promise.all([ask(call(2, "notify", { count: 1 })), another()])
    expect(answers.slice(2).map((answer) => answer.method ?? answer.id)).toEqual(["notifications/progress", 2])
  })

  it("gives neither side an object of the other", async () => {
    const { ask, received } = await start()
    const params = { nested: { n: 1 } }
    const first = await ask(call(1, "constant"))
    first.result.list[1].deep = "changed by the client"
    expect((await ask(call(2, "constant"))).result).toEqual({ list: [1, { deep: true }] })
    await ask(call(3, "echo", params))
    ;(received.at(-1) as { params: typeof params }).params.nested.n = 2
    expect(params).toEqual({ nested: { n: 1 } })
  })

  it("shows handlers what they would see over bytes", async () => {
    const { ask, received } = await start()
    const answer = await ask(call(1, "echo", { when: new Date(0), missing: undefined, no: Number.NaN }))
    expect(received[0]).toStrictEqual({
      jsonrpc: "2.0",
      id: 1,
      method: "echo",
      params: { when: "1970-01-01T00:00:00.000Z", no: null }
    })
    expect(answer.result).toStrictEqual({ when: "1970-01-01T00:00:00.000Z", no: null })
  })

  it("refuses messages no wire could carry, and answers an error for such results", async () => {
    const { ask } = await start()
    const cyclic: Record<string, unknown> = {}
    cyclic["self"] = cyclic
    expect((await ask(call(1, "echo", cyclic))).error).toEqual({
      code: -32600,
      message: "The message nests deeper than 64 levels, the most this server reads."
    })
    expect((await ask(call(2, "echo", { n: 1n }))).error.code).toBe(-32700)
    expect(await ask(call(3, "bigint"))).toMatchObject({ id: 3, error: { code: -32603 } })
  })

  it("interrupts when the client closes", async () => {
    const { client, closed, next, interrupts } = await start()
    const held = next("held")
    void client.send(call(1, "hold"))
    await held
    await client.close()
    await closed
    expect(interrupts).toEqual(["disconnected"])
  })

  it("drains: refuses newcomers, finishes what is in flight, then closes the transport", async () => {
    const { client, ask, drain, closed, next, release, interrupts } = await start()
    const held = next("held")
    const inFlight = ask(call(1, "hold"))
    await held
    let clientClosed = false
    client.onclose = () => {
      clientClosed = true
    }
    const drained = drain(60_000)
    const answers: Array<unknown> = []
    const finished = inFlight.then((answer) => answers.push(answer))
    await client.send(call(2, "echo"))
    await finished
    expect(answers).toMatchObject([
      { id: 2, error: { code: -32603, message: expect.stringContaining("shutting down") } }
    ])
    expect(clientClosed).toBe(false)
    release()
    await drained
    await closed
    expect(clientClosed).toBe(true)
    expect(interrupts).toEqual([])
  })
})
