import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { clientRequests } from "../../lib/protocol/client-requests.ts"
import type { InFlight, Reply, Sink } from "../../lib/protocol/exchange.ts"
import { inFlightRequests } from "../../lib/protocol/in-flight.ts"

/** Requests in flight of a peer that writes down what it hears. */
const peer = () => {
  const heard: Array<any> = []
  let idle = 0
  const requests = clientRequests()
  const inFlight = inFlightRequests(requests, () => idle++)
  const sink: Sink = {
    notify: () => {},
    ask: (message) => {
      heard.push(message)
      return undefined
    },
    reply: (reply) => void heard.push(reply)
  }
  /** Begins a request that ends when it is told to. */
  const begin = (id: string | number, interrupted: (why: string, own: Sink) => void = () => {}) => {
    let own!: Sink
    const started: InFlight = {
      interrupt: (why) => {
        interrupted(why, own)
        return undefined
      }
    }
    const open = inFlight.begin({ jsonrpc: "2.0", id, method: "tools/call" }, sink, (_, given) => {
      own = given
      return started
    })
    return { own, open }
  }
  const ask = (own: Sink) =>
    Effect.runFork(requests.send({ method: "roots/list", params: {} }, (message) => own.ask(message), 60_000))
  return { heard, inFlight, begin, ask, idle: () => idle }
}

const done: Reply = { status: 200 }
const over = (requestId: string) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason: "The server no longer needs the answer." }
})

describe("a request in flight", () => {
  it("keeps its id until it is answered, once", () => {
    const { heard, inFlight, begin, idle } = peer()
    const { own } = begin(1)
    expect(begin(1).open).toBe(undefined)
    expect(heard[0].message.error.message).toBe(
      "Request id 1 is in use by a request in flight; use a new id for each request."
    )
    expect([inFlight.size(), idle()]).toStrictEqual([1, 0])
    own.reply(done)
    own.reply(done)
    expect(heard.slice(1)).toStrictEqual([done])
    expect([inFlight.size(), idle()]).toStrictEqual([0, 1])
    expect(begin(1).open).toBeDefined()
  })

  it("that is answered at once was never in flight", () => {
    const { inFlight, idle } = peer()
    const sink: Sink = { notify: () => {}, ask: () => undefined, reply: () => {} }
    const begun = inFlight.begin({ jsonrpc: "2.0", id: 1, method: "ping" }, sink, (_, own) => {
      own.reply(done)
      return undefined
    })
    expect([begun, inFlight.size(), idle()]).toStrictEqual([undefined, 0, 0])
  })

  it("that its client cancels ends without an answer, and frees its id for a new one", () => {
    const { heard, inFlight, begin } = peer()
    const whys: Array<string> = []
    const { own } = begin("a", (why) => whys.push(why))
    inFlight.notified({ jsonrpc: "2.0", method: "notifications/progress", params: { requestId: "a" } })
    inFlight.notified({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "b" } })
    expect(whys).toStrictEqual([])
    inFlight.notified({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "a" } })
    expect(whys).toStrictEqual(["disconnected"])
    const replies = heard.length
    expect(heard[0].message).toBe(undefined)
    const next = begin("a")
    // finalizers of the first may take their time: its end is not that of the second
    own.reply(done)
    expect(heard).toHaveLength(replies)
    expect(inFlight.size()).toBe(1)
    next.own.reply(done)
    expect(inFlight.size()).toBe(0)
  })

  it("gives up what it asked before it is answered, and asks nothing after", () => {
    const { heard, begin, ask } = peer()
    const { own } = begin(1)
    ask(own)
    ask(own)
    own.reply(done)
    expect(heard.slice(2)).toStrictEqual([over("mcpipe-1"), over("mcpipe-2"), done])
    expect(own.ask({ jsonrpc: "2.0", id: "mcpipe-3", method: "roots/list" })).toBe(
      "the request that it was part of has ended"
    )
    expect(heard).toHaveLength(5)
  })

  it("goes on when its stream is gone, unless failing to ask ends it right then", async () => {
    const { begin, ask, inFlight } = peer()
    const patient = begin(1)
    ask(patient.own)
    expect(patient.open!.streamGone()).toBe(true)
    const hasty = begin(2)
    const asked = ask(hasty.own)
    asked.addObserver(() => hasty.own.reply(done))
    expect(hasty.open!.streamGone()).toBe(false)
    expect(inFlight.size()).toBe(1)
  })

  it("is told that the server drains, and answers itself", () => {
    const { heard, begin, inFlight } = peer()
    begin(1, (_, own) => own.reply(done))
    begin(2)
    inFlight.interrupt("drained")
    expect(heard).toStrictEqual([done])
    expect(inFlight.size()).toBe(1)
  })

  it("that is dropped is interrupted and answered at once with what it is told", () => {
    const { heard, begin, inFlight } = peer()
    const whys: Array<string> = []
    begin(1, (why) => whys.push(why))
    begin("b", (why) => whys.push(why))
    inFlight.drop((id) => ({ status: 404, message: { jsonrpc: "2.0", id, error: { code: 1, message: "gone" } } }))
    expect(whys).toStrictEqual(["disconnected", "disconnected"])
    expect(heard.map(({ message }) => message.id)).toStrictEqual([1, "b"])
    expect(inFlight.size()).toBe(0)
  })
})
