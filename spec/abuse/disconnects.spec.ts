import { Effect, Progress, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { envelope, gate } from "../kit/wire.ts"

/** A tool that tells of itself once, then waits to be let go, and what became of it, in order. */
const waiting = () => {
  const events: Array<string> = []
  const [goOn, ended] = [gate(), gate()]
  const say = (event: string) => Effect.sync(() => void events.push(event))
  const wait = tool({ name: "wait" }, () =>
    Effect.andThen(
      Progress.report(1, 2, "begun"),
      Effect.promise(() => goOn.opened)
    ).pipe(
      Effect.andThen(say("went on")),
      Effect.andThen(Progress.report(2, 2, "went on")),
      Effect.as("done"),
      Effect.onInterrupt(() => Effect.andThen(say("interrupted"), Progress.report(2, 2, "to nobody"))),
      Effect.ensuring(
        Effect.andThen(
          say("cleaned up"),
          Effect.sync(() => ended.open())
        )
      )
    )
  )
  const main = server({ name: "waiting", version: "1" }).add(
    wait,
    tool({ name: "good" }, () => "good")
  )
  return { events, goOn, ended, main }
}

const params = { name: "wait", _meta: { progressToken: "p" } }
const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params }

describe.each(adapters)("a client that leaves, over %s", (adapter) => {
  it("interrupts its call on 2026-07-28: finalizers run, nothing goes on, and the next client is served", async () => {
    const { events, goOn, ended, main } = waiting()
    await using peer = await httpPeer(adapter, main, { gracePeriod: 60_000 })
    const now = (name: string) => {
      const message = { ...call, params: { ...params, name, _meta: envelope({}, { progressToken: "p" }) } }
      const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name }
      return peer.request(message, headers)
    }
    const response = await now("wait")
    const reader = response.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"begun"')
    await reader.cancel()
    await ended.opened
    goOn.open()
    expect(((await (await now("good")).json()) as any).result.content[0].text).toBe("good")
    expect(events).toEqual(["interrupted", "cleaned up"])
  })

  it("does not interrupt it in a session: it goes on, and its result is there when the client comes back", async () => {
    const { events, goOn, ended, main } = waiting()
    await using peer = await httpPeer(adapter, main, { gracePeriod: 60_000 })
    const session = await peer.begin()
    const reader = (await session.send(call)).body!.getReader()
    let text = ""
    while (!text.includes('"begun"')) text += new TextDecoder().decode((await reader.read()).value)
    const id = /^id: (.+)\ndata: \{/m.exec(text)![1]!
    await reader.cancel()
    expect(((await (await session.send({ ...call, id: 2, params: { name: "good" } })).json()) as any).id).toBe(2)
    expect(events).toEqual([])
    goOn.open()
    await ended.opened
    expect(events).toEqual(["went on", "cleaned up"])
    const back = await (await session.listen(id)).text()
    expect([...back.matchAll(/^data: (\{.+)$/gm)].map(([, data]) => JSON.parse(data!))).toMatchObject([
      { method: "notifications/progress", params: { message: "went on" } },
      { id: 1, result: { content: [{ text: "done" }] } }
    ])
  })

  it("interrupts it in a session where it says so with notifications/cancelled", async () => {
    const { events, goOn, ended, main } = waiting()
    await using peer = await httpPeer(adapter, main, { gracePeriod: 60_000 })
    const session = await peer.begin()
    const response = await session.send(call)
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }
    expect((await session.send(cancel)).status).toBe(202)
    await ended.opened
    goOn.open()
    expect(events).toEqual(["interrupted", "cleaned up"])
    expect(await response.text()).not.toContain('"result"')
  })
})
