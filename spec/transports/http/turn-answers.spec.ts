import { createServer } from "node:http"
import { Duplex } from "node:stream"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import type { HttpSink, InFlight, Reply } from "../../../lib/protocol/exchange.ts"
import { httpCore } from "../../../lib/transports/http/core.ts"
import { exchange, type NodeState } from "../../../lib/transports/http/node-exchange.ts"
import { endTurn } from "../../../lib/transports/http/turn-end.ts"

/** A node:http server whose every request calls `receive` with its id, and what happens in it, in order. */
const start = (receive: (id: number, sink: HttpSink) => void) => {
  const happened: Array<string> = []
  const inFlight = new Set<InFlight>()
  const state: NodeState = {
    core: httpCore({}, undefined),
    port: {
      receive: (body, _head, _principal, sink) => {
        const { id } = body as { readonly id: number }
        happened.push(`received ${id}`)
        receive(id, sink)
        return undefined
      },
      listen: () => undefined,
      end: () => undefined
    },
    draining: false,
    streams: new Set(),
    enter: (work) => inFlight.add(work),
    leave: (work) => inFlight.delete(work)
  }
  const http = createServer((request, response) => exchange(state, request, response))
  /** A connection on which one request has come in. */
  const connect = (id: number) => {
    let text = ""
    const writev = (chunks: ReadonlyArray<{ readonly chunk: Buffer }>, done: () => void) => {
      happened.push(`written ${id}`)
      text += chunks.map(({ chunk }) => chunk.toString()).join("")
      done()
    }
    const stream = new Duplex({ read: () => {}, writev })
    const self = () => stream
    const socket = Object.assign(stream, { setTimeout: self, setNoDelay: self, setKeepAlive: self })
    onTestFinished(() => void socket.destroy())
    http.emit("connection", socket)
    const body = JSON.stringify({ jsonrpc: "2.0", id, method: "ping" })
    const head = `host: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream`
    socket.push(`POST /mcp HTTP/1.1\r\n${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    return { socket, text: () => text, answer: () => JSON.parse(text.slice(text.indexOf("\r\n\r\n"))) }
  }
  return { state, happened, inFlight, connect }
}

/** The end of this turn, and of what it put off. */
const turn = async () => {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve))
}

const frozenTime = () => {
  vi.useFakeTimers({ toFake: ["performance"] })
  onTestFinished(() => void vi.useRealTimers())
}

const answer = (id: number, result: Record<string, unknown>): Reply => ({
  status: 200,
  message: { jsonrpc: "2.0", id, result }
})

describe("answers to requests that came in one turn of the event loop", () => {
  it("are written together at its end", async () => {
    frozenTime()
    const { happened, inFlight, connect } = start((id, sink) => sink.reply(answer(id, {})))
    const connections = [connect(1), connect(2), connect(3)]
    await turn()
    expect(happened).toEqual(["received 1", "received 2", "received 3", "written 1", "written 2", "written 3"])
    expect(connections.map(({ answer }) => answer().id)).toEqual([1, 2, 3])
    expect(inFlight.size).toBe(0)
  })

  it("do not wait for those that come after a millisecond of it", async () => {
    frozenTime()
    const { happened, connect } = start((id, sink) => {
      if (id === 2) vi.advanceTimersByTime(2)
      sink.reply(answer(id, {}))
    })
    for (const id of [1, 2, 3]) connect(id)
    await turn()
    expect(happened).toEqual(["received 1", "received 2", "written 1", "written 2", "received 3", "written 3"])
  })

  it("are what they were when they were given, whatever becomes of the values they were made of", async () => {
    frozenTime()
    const shared = { count: 0 }
    const { connect } = start((id, sink) => {
      shared.count++
      sink.reply(answer(id, shared))
    })
    const connections = [connect(1), connect(2)]
    await turn()
    expect(connections.map(({ answer }) => answer().result)).toEqual([{ count: 1 }, { count: 2 }])
  })

  it("are lost on nobody but those whose connection breaks before it ends", async () => {
    frozenTime()
    const { inFlight, connect } = start((id, sink) => {
      sink.reply(answer(id, {}))
      if (id === 2) first.socket.destroy()
    })
    const first = connect(1)
    const second = connect(2)
    await turn()
    expect(first.text()).toBe("")
    expect(second.answer().id).toBe(2)
    expect(inFlight.size).toBe(0)
  })

  it("are written at once by a server that begins to drain, and say that the connection ends", async () => {
    frozenTime()
    const { state, happened, connect } = start((id, sink) => {
      sink.reply(answer(id, {}))
      if (id !== 2) return
      state.draining = true
      endTurn()
    })
    const connections = [connect(1), connect(2), connect(3)]
    await turn()
    expect(happened).toEqual(["received 1", "received 2", "written 1", "written 2", "received 3", "written 3"])
    for (const { text } of connections) expect(text()).toMatch(/^HTTP\/1.1 200 OK\r\n.*connection: close/is)
  })

  it("are followed where their connection takes no more for now", async () => {
    frozenTime()
    const { inFlight, connect } = start((id, sink) => sink.reply(answer(id, { text: "x".repeat(100_000) })))
    const { socket } = connect(1)
    let goOn = () => {}
    socket._writev = (_chunks, done) => {
      goOn = done
    }
    await turn()
    expect(inFlight.size).toBe(1)
    goOn()
    await turn()
    expect(inFlight.size).toBe(0)
  })
})
