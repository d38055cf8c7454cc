import { expect, it } from "vitest"
import { percentile, scaled, told } from "./figures.ts"
import { client, session, times } from "./load.ts"
import { abused, calling, headersOf, look } from "./process.ts"
import { processorOf } from "./processor.ts"

const deadline = 10 * 60_000
const count = scaled(200)

it(
  "calls of clients that leave are interrupted within 100 ms on 2026-07-28, and clean up",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const load = client(child.port)
    const [spent, ours] = [processorOf(child.pid), processorOf("self")]
    const waited = () => spent().waited + ours().waited
    const nap = (n: number) => {
      const message = calling(n, "nap", { millis: 600_000 }, { progressToken: n })
      return load.start(JSON.stringify(message), headersOf(message))
    }
    const one = async (n: number) => {
      const sent = nap(n)
      await child.begun(n)
      const [before, since] = [waited(), performance.now()]
      sent.destroy()
      await child.errorLine(`{"finalized":${n}}`)
      const wall = performance.now() - since
      return { wall, own: wall - (waited() - before) }
    }
    const each: Array<{ readonly wall: number; readonly own: number }> = []
    for (let n = 1; n <= count; n++) each.push(await one(n))
    const together = Array.from({ length: count }, (_, n) => nap(count + n + 1))
    await child.begun(2 * count)
    const [before, since] = [spent(), performance.now()]
    for (const sent of together) sent.destroy()
    await child.errorLine(`{"finalized":${2 * count}}`)
    const all = { wall: performance.now() - since, ran: spent().ran - before.ran }
    const { begun, interrupted, finalized } = await look(child.url)
    load.close()
    const slowest = (of: "wall" | "own") => Math.max(...each.map((millis) => millis[of]))
    told`R-8: ${count} disconnects on 2026-07-28, cleaned up after ${percentile(
      each.map(({ own }) => own),
      50
    )} ms, ${slowest("own")} ms at most (${slowest("wall")} ms by the clock); ${count} at once after ${all.ran} ms of processor time (${all.wall} ms by the clock); ${interrupted}/${begun} interrupted, ${finalized}/${begun} finalizers run`
    expect([interrupted, finalized]).toEqual([begun, begun])
    expect(slowest("own")).toBeLessThan(100)
    expect(all.ran).toBeLessThan(100)
  },
  deadline
)

it(
  "calls of sessions whose clients leave go on, and have their results for the clients that come back",
  async () => {
    await using child = await abused("http", { http: { keepAlive: 200 } }, { deadline })
    const load = client(child.port)
    const call = (id: number, millis: number) =>
      JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "nap", arguments: { millis } } })
    let resumed = 0
    await times(count, 50, async (n) => {
      const headers = await session(load)
      const { sent, response } = await load.open(call(n, 3_000), headers)
      // the stream of a call that is not answered for a while begins by telling its id
      const first = await new Promise<Buffer>((resolve) => response.once("data", resolve))
      const id = /^id: (.+)$/m.exec(String(first))![1]!
      sent.destroy()
      const { "content-type": _, ...own } = headers
      const back = await load.ask(undefined, { ...own, accept: "text/event-stream", "last-event-id": id }, "GET")
      if (back.text.includes('"text":"slept"')) resumed++
    })
    const left = await look(child.url)
    let cancelled = 0
    await times(count, 50, async (n) => {
      const headers = await session(load)
      const { response } = await load.open(call(n, 600_000), headers)
      const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: n } }
      const { status } = await load.ask(JSON.stringify(cancel), headers)
      let text = ""
      for await (const chunk of response.setEncoding("utf8")) text += chunk
      if (status === 202 && !text.includes('"result"')) cancelled++
    })
    const { interrupted, finalized } = await look(child.url)
    load.close()
    told`R-9: ${count} disconnects in sessions, ${left.interrupted} interrupted, ${resumed} had their results when they came back; ${count} notifications/cancelled, ${interrupted} interrupted, ${cancelled} streams ended without a result`
    expect([left.interrupted, left.finalized, resumed]).toEqual([0, count, count])
    expect([interrupted, finalized, cancelled]).toEqual([count, 2 * count, count])
  },
  deadline
)
