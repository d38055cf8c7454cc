import { Effect, type FetchOptions, server, tool } from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import { httpPeer } from "../kit/http-peer.ts"
import { envelope, gate } from "../kit/wire.ts"
import { scaled, told } from "./figures.ts"
import { times } from "./load.ts"

const timeout = 10 * 60_000

/** Holds calls until as many as the spec waits for are there, then lets all go. */
const meeting = () => {
  let [there, expected] = [0, 0]
  let all = gate()
  const meet = tool({ name: "meet", input: { text: v.string() } }, ({ text }) => {
    const { opened } = all
    if (++there === expected) all.open()
    return Effect.as(
      Effect.promise(() => opened),
      text
    )
  })
  const next = (count: number) => {
    ;[there, expected, all] = [0, count, gate()]
  }
  return { main: server({ name: "ids", version: "1" }).tool(meet), next }
}

const authenticate: FetchOptions["authenticate"] = ({ headers }) => ({ id: headers.get("x-user") ?? "nobody" })

const call = (id: unknown, text: string) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "meet", arguments: { text } }
})

const textOf = async (response: Promise<Response>): Promise<unknown> =>
  ((await (await response).json()) as any).result?.content[0].text

it("calls with one id at the same time are each answered with their own", { timeout }, async () => {
  const { main, next } = meeting()
  await using peer = await httpPeer("node", main, { authenticate })
  const sessions = await Promise.all(
    Array.from({ length: 50 }, (_, n) => peer.begin({}, { "x-user": `user ${n % 3}` }))
  )
  const rounds = scaled(100)
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "meet" }
  let [own, refused] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    next(100)
    const texts = Array.from({ length: 100 }, (_, n) => `call ${round}.${n}`)
    const answers = texts.map((text, n) => {
      const message = call(7, text)
      if (n < 50) return textOf(sessions[n]!.send(message))
      const params = { ...message.params, _meta: envelope() }
      return textOf(peer.request({ ...message, params }, { ...headers, "x-user": `user ${n % 3}` }))
    })
    const came = await Promise.all(answers)
    own += came.filter((text, n) => text === texts[n]).length
    // one more under the id of a call in flight
    next(51)
    const first = sessions.map((session, n) => textOf(session.send(call(8, `first ${n}`))))
    await times(50, 50, async (n) => {
      const ping = { jsonrpc: "2.0", id: 8, method: "ping" }
      // until the first one is there
      while ((await sessions[n]!.send(ping)).status !== 400);
      refused++
    })
    await textOf(sessions[0]!.send(call(9, "last")))
    const firsts = await Promise.all(first)
    own += firsts.filter((text, n) => text === `first ${n}`).length
  }
  told`R-16: ${150 * rounds} calls under ids in use by others, of 50 sessions and of 2026-07-28, of 3 principals: ${own} answered with their own; ${50 * rounds} requests under an id in flight in their own session, ${refused} refused`
  expect([own, refused]).toEqual([150 * rounds, 50 * rounds])
})
