import { Effect, type FetchOptions, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { envelope, gate } from "../kit/wire.ts"

/** Answers with its text once as many calls as the spec waits for are there. */
const meeting = (expected: number) => {
  const all = gate()
  let there = 0
  const meet = tool({ name: "meet", input: { text: v.string() } }, ({ text }) => {
    if (++there === expected) all.open()
    return Effect.as(
      Effect.promise(() => all.opened),
      text
    )
  })
  return server({ name: "ids", version: "1" }).add(
    meet,
    tool({ name: "quick" }, () => "at once")
  )
}

const call = (id: unknown, text: string) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "meet", arguments: { text } }
})

const textOf = async (response: Promise<Response>): Promise<unknown> => {
  const { id, result } = (await (await response).json()) as any
  return [id, result.content[0].text]
}

const authenticate: FetchOptions["authenticate"] = ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" })

describe.each(adapters)("requests with one id at the same time, over %s", (adapter) => {
  it("are each answered with what is their own on 2026-07-28, whoever sent them", async () => {
    await using peer = await httpPeer(adapter, meeting(50), { authenticate })
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "meet" }
    const answers = Array.from({ length: 50 }, (_, n) => {
      const message = call(7, `call ${n}`)
      const params = { ...message.params, _meta: envelope() }
      return textOf(peer.request({ ...message, params }, { ...headers, "x-user": `user ${n % 3}` }))
    })
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 50 }, (_, n) => [7, `call ${n}`]))
  })

  it("are each answered with what is their own in sessions of one or of several principals", async () => {
    await using peer = await httpPeer(adapter, meeting(20), { authenticate })
    const sessions = await Promise.all(
      Array.from({ length: 20 }, (_, n) => peer.begin({}, { "x-user": `user ${n % 2}` }))
    )
    const answers = sessions.map((session, n) => textOf(session.send(call("same", `call ${n}`))))
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 20 }, (_, n) => ["same", `call ${n}`]))
  })

  it("are refused in one session, but for the first, which is answered with its own", async () => {
    await using peer = await httpPeer(adapter, meeting(2))
    const session = await peer.begin()
    const first = session.send(call(1, "first"))
    // "1" is another id than 1
    const other = session.send(call("1", "other"))
    expect(await textOf(other)).toEqual(["1", "other"])
    expect(await textOf(first)).toEqual([1, "first"])
    expect(await textOf(session.send(call(1, "again")))).toEqual([1, "again"])
  })
})

it.each(adapters)("a second request under an id in flight is refused, whatever it is (%s)", async (adapter) => {
  await using peer = await httpPeer(adapter, meeting(2))
  const session = await peer.begin()
  const first = session.send(call(1, "first"))
  const refused = async (method: string, params: object) => {
    // until the first one is there
    for (;;) {
      const response = await session.send({ jsonrpc: "2.0", id: 1, method, params })
      if (response.status === 400) return (await response.json()).error.message
    }
  }
  expect(await refused("tools/call", { name: "quick" })).toBe(
    "Request id 1 is in use by a request in flight; use a new id for each request."
  )
  expect(await refused("ping", {})).toContain("in use")
  await session.send(call(2, "second"))
  expect(await textOf(first)).toEqual([1, "first"])
})
