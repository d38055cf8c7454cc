import { assemble, server } from "mcpipe"
import { describe, expect, it } from "vitest"
import type { HttpSink, Reply } from "../../lib/protocol/exchange.ts"
import type { HttpSession } from "../../lib/protocol/http-session.ts"
import { sessionsOf } from "../../lib/protocol/sessions.ts"
import { anonymous } from "../../lib/services/principal.ts"
import { gate } from "../kit/wire.ts"

const running = await assemble(server({ name: "any", version: "1" }))["~mcpipe/App"].running()

const begin = (revision: "2025-06-18" | "2025-11-25" = "2025-11-25"): HttpSession => {
  const clientInfo = { name: "c", version: "1" }
  return sessionsOf(running).begin({ revision, capabilities: {}, clientInfo }, anonymous) as HttpSession
}

const notice = (n: number) => ({ jsonrpc: "2.0" as const, method: "notifications/x", params: { n } })
const numbers = (written: ReadonlyArray<string>) =>
  written.flatMap((event) => {
    const data = event.split(" ")[1]
    return data === undefined || data === "" ? [] : [JSON.parse(data).params.n]
  })

/** A response as the protocol sees it; `fill` makes it one whose reader is slow. */
const connection = (events = true) => {
  const written: Array<string> = []
  const replies: Array<Reply> = []
  let full: Promise<void> | undefined
  let closed = false
  const sink: HttpSink = {
    events,
    begin: () => {},
    event: ({ id, data, retry }) => {
      written.push(retry === undefined ? `${id} ${data}` : `retry ${retry}`)
      return full
    },
    notify: () => undefined,
    ask: () => undefined,
    close: () => {
      closed = true
    },
    reply: (reply) => void replies.push(reply)
  }
  const fill = () => {
    const room = gate<void>()
    full = room.opened
    return async () => {
      full = undefined
      room.open()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { sink, written, replies, fill, closed: () => closed }
}

const isSettled = async (promise: Promise<void> | undefined) => {
  let settled = false
  void promise?.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe("what belongs to no request", () => {
  it("goes to the newest GET stream that has room, never to two", async () => {
    const { streams } = begin()
    const [old, young] = [connection(), connection()]
    streams.listen(old.sink, undefined)
    streams.listen(young.sink, undefined)
    streams.push(notice(1))
    const empty = young.fill()
    streams.push(notice(2))
    streams.push(notice(3))
    await empty()
    streams.push(notice(4))
    expect(numbers(young.written)).toStrictEqual([1, 2, 4])
    expect(numbers(old.written)).toStrictEqual([3])
  })

  it("waits while no stream has room, and is told in order once one has", async () => {
    const { streams } = begin()
    const only = connection()
    streams.listen(only.sink, undefined)
    const empty = only.fill()
    const rooms = [1, 2, 3].map((n) => streams.push(notice(n)))
    expect(numbers(only.written)).toStrictEqual([1])
    for (const room of rooms) expect(await isSettled(room)).toBe(false)
    await empty()
    expect(numbers(only.written)).toStrictEqual([1, 2, 3])
    for (const room of rooms) expect(await isSettled(room)).toBe(true)
  })

  it("waits for a client to listen, at most 64 of it, and whoever pushes is told to wait", async () => {
    const { streams } = begin()
    const rooms = Array.from({ length: 100 }, (_, n) => streams.push(notice(n)))
    expect(await isSettled(rooms[0])).toBe(false)
    const only = connection()
    streams.listen(only.sink, undefined)
    expect(numbers(only.written)).toStrictEqual(Array.from({ length: 64 }, (_, n) => n + 36))
    expect(await isSettled(rooms[0])).toBe(true)
    expect(streams.push(notice(100))).toBe(undefined)
  })

  it("lets go of whoever waits when the session ends, and is told nobody from then on", async () => {
    const { streams } = begin()
    const room = streams.push(notice(1))
    streams.end()
    expect(await isSettled(room)).toBe(true)
    expect(streams.push(notice(2))).toBe(undefined)
  })

  it("has ids for a client of an earlier revision, and no event without a message", () => {
    const { streams } = begin("2025-06-18")
    const only = connection()
    streams.listen(only.sink, undefined)
    streams.push(notice(1))
    expect(only.written).toStrictEqual([`g1.1 ${JSON.stringify(notice(1))}`])
  })
})

describe("a client that comes back", () => {
  it("takes its stream along: the connection it had is closed, and told nothing more", async () => {
    const { streams } = begin()
    const [before, after] = [connection(), connection()]
    streams.listen(before.sink, undefined)
    streams.push(notice(1))
    streams.listen(after.sink, "g1.0")
    await new Promise((resolve) => setImmediate(resolve))
    streams.push(notice(2))
    expect(before.closed()).toBe(true)
    expect(numbers(before.written)).toStrictEqual([1])
    expect(numbers(after.written)).toStrictEqual([1, 2])
  })

  it("reads what it missed as slowly as it likes: what happens meanwhile comes after, once", async () => {
    const { streams } = begin()
    const before = connection()
    const gone = streams.listen(before.sink, undefined)!
    for (const n of [1, 2, 3]) streams.push(notice(n))
    gone.interrupt("disconnected")
    const after = connection()
    const empty = after.fill()
    streams.listen(after.sink, "g1.0")
    await new Promise((resolve) => setImmediate(resolve))
    expect(numbers(after.written)).toStrictEqual([1])
    streams.push(notice(4))
    await empty()
    expect(numbers(after.written)).toStrictEqual([1, 2, 3, 4])
    expect(after.written.map((event) => event.split(" ")[0])).toStrictEqual(["g1.1", "g1.2", "g1.3", "g1.4"])
  })

  it("while a call goes on makes the call wait where it reads slowly, and not where it is gone again", async () => {
    const { streams } = begin()
    const first = connection()
    const post = streams.post(first.sink)
    post.notify(notice(1))
    expect(post.disconnected()).toBe(true)
    expect(post.notify(notice(2))).toBe(undefined)
    const second = connection()
    second.fill()
    const back = streams.listen(second.sink, "p1.0")!
    await new Promise((resolve) => setImmediate(resolve))
    const room = post.notify(notice(3))
    expect(await isSettled(room)).toBe(false)
    back.interrupt("disconnected")
    expect(post.notify(notice(4))).toBe(undefined)
    const third = connection()
    streams.listen(third.sink, "p1.1")
    await new Promise((resolve) => setImmediate(resolve))
    post.reply({ status: 200, message: { jsonrpc: "2.0", id: 1, result: { params: { n: "answer" } } } })
    expect(third.written.map((event) => event.split(" ")[0])).toStrictEqual(["p1.2", "p1.3", "p1.4", "p1.5"])
    expect(third.closed()).toBe(true)
    // the request has ended for its own connection, too
    expect(first.replies).toStrictEqual([{ status: 202 }])
  })
})

it("a POST that is answered before it was told anything takes no stream, and keeps nothing", () => {
  const { streams } = begin()
  const only = connection()
  const answer: Reply = { status: 200, message: { jsonrpc: "2.0", id: 1, result: {} } }
  streams.post(only.sink).reply(answer)
  expect(only.replies).toStrictEqual([answer])
  expect(only.written).toStrictEqual([])
  const next = connection()
  streams.post(next.sink).notify(notice(1))
  expect(next.written[0]).toBe("p1.0 ")
})

it("GET streams that the server drains send their clients back in a second", () => {
  const { streams } = begin()
  const only = connection()
  streams.listen(only.sink, undefined)!.interrupt("drained")
  expect(only.written).toStrictEqual(["g1.0 ", "retry 1000"])
  expect([only.closed(), streams.listening]).toStrictEqual([true, false])
})
