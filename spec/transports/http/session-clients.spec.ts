import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client"
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { Elicitation, serve, server, tool } from "mcpipe"
import * as v from "valibot"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { gate } from "../../kit/wire.ts"

const ask = tool({ name: "ask", input: { n: v.number() } }, function* ({ n }) {
  const { colour } = yield* Elicitation.form(`Colour ${n}?`, { colour: v.string() })
  return `${n} is ${colour}`
})

let serving: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  serving = await serve(server({ name: "asking", version: "1" }).tool(ask), { http: { port: 0 }, signals: false })
})
afterAll(() => serving.close())

type Answer = (params: any, signal: AbortSignal) => Promise<unknown>

/** Either official client of 2025-11-25, with a user who answers. */
const connect = async (client: "v1" | "v2", answer: Answer) => {
  const url = new URL(serving.url!)
  const info = { name: "official", version: "1" }
  const capabilities = { elicitation: { form: {} } }
  if (client === "v1") {
    const sdk = new ClientV1(info, { capabilities })
    const transport = new HttpV1(url)
    sdk.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => answer(params, signal) as never)
    await sdk.connect(transport as never)
    const call = (n: number, options?: object) =>
      sdk.callTool({ name: "ask", arguments: { n } }, undefined, options) as Promise<any>
    return { transport, call, close: () => sdk.close() }
  }
  const sdk = new ClientV2(info, { capabilities, versionNegotiation: { mode: "legacy" } })
  const transport = new HttpV2(url)
  sdk.setRequestHandler(
    "elicitation/create",
    ({ params }: any, { mcpReq }: any) => answer(params, mcpReq.signal) as never
  )
  await sdk.connect(transport)
  const call = (n: number, options?: object) => sdk.callTool({ name: "ask", arguments: { n } }, options) as Promise<any>
  return { transport, call, close: () => sdk.close() }
}

const accept = (colour: string) => ({ action: "accept", content: { colour } })

describe.each(["v1", "v2"] as const)("the official client %s over HTTP on 2025-11-25", (version) => {
  it("is asked in the middle of a call, in a session of its own", async () => {
    const client = await connect(version, async ({ message }) => accept(message))
    expect(client.transport.sessionId).toMatch(/^[0-9a-f]{64}$/)
    expect((await client.call(1)).content).toStrictEqual([{ type: "text", text: "1 is Colour 1?" }])
    await client.close()
  })

  it("is asked by twenty calls at once, and answers the last one first", async () => {
    const all = gate()
    const waiting: Array<() => void> = []
    const client = await connect(version, async ({ message }) => {
      const turn = new Promise<void>((resolve) => waiting.unshift(resolve))
      if (waiting.length === 20) all.open()
      await turn
      return accept(message)
    })
    const numbers = Array.from({ length: 20 }, (_, n) => n)
    const answers = Promise.all(numbers.map((n) => client.call(n)))
    await all.opened
    for (const release of waiting) release()
    expect((await answers).map(({ content }) => content[0].text)).toStrictEqual(
      numbers.map((n) => `${n} is Colour ${n}?`)
    )
    await client.close()
  })

  it("hears that a question is over when it cancels the call that asked", async () => {
    const asked = gate()
    const over = gate()
    const client = await connect(version, (_, signal) => {
      asked.open()
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          over.open()
          reject(new Error("over"))
        })
      })
    })
    const controller = new AbortController()
    const called = client.call(1, { signal: controller.signal }).catch(() => "cancelled")
    await asked.opened
    controller.abort()
    expect(await called).toBe("cancelled")
    await over.opened
    await client.close()
  })

  it("ends its session, in which nothing is answered from then on", async () => {
    const client = await connect(version, async () => accept("red"))
    const { sessionId } = client.transport
    await client.transport.terminateSession()
    const response = await fetch(serving.url!, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": sessionId!
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
    })
    expect(response.status).toBe(404)
    await client.close()
  })
})
