import { assemble, type MessageTransport, serve, toFetchHandler } from "mcpipe"
import { expect, it } from "vitest"
import { mebibytes, scaled, told } from "./figures.ts"
import { growthOf, reachable } from "./heap.ts"
import { client, session, times } from "./load.ts"
import { abused, calling, headersOf, look } from "./process.ts"
import { ask, begin, inSession, sessionless, soaked } from "./soaked.ts"

const deadline = 30 * 60_000
const calls = scaled(200_000)

/** With those that warm up. */
const made = calls + calls / 10

/**
 * Bytes a call. A listener, a map entry or a scope kept for each is tens of bytes at the least; what the engine compiles and
 * drops meanwhile is up to a megabyte in all.
 */
const bound = Math.max(1, 1_000_000 / calls)

/** Makes calls of all kinds, fifty at once, and tells how the heap grew; `what` ends the line. */
const soak = async (what: string, call: (id: number) => Promise<unknown>, heap = reachable): Promise<number> => {
  let id = 0
  const since = performance.now()
  const run = (of: number) => times(of, 50, () => call(++id))
  const { slope, cold, samples } = await growthOf(calls, 20, run, heap)
  const rate = (made / (performance.now() - since)) * 1_000
  const shown = samples.filter((_, at) => at % 2 === 0).map((bytes) => mebibytes(bytes).toFixed(2))
  told`R-15: ${calls} calls ${what} ${slope} B a call at ${rate} calls/s; heap ${mebibytes(cold).toFixed(2)} MiB cold, then every ${calls / 10} calls ${shown.join(" ")}`
  expect(slope).toBeLessThan(bound)
  return id
}

it(
  "calls on 2026-07-28 leave nothing behind",
  async () => {
    await using app = assemble(soaked(1_048_576))
    await using handler = toFetchHandler(app)
    let served = 0
    await soak("on 2026-07-28:", async (id) => {
      if ((await ask(handler, sessionless(id))).status === 200) served++
    })
    expect(served).toBe(made)
  },
  deadline
)

it(
  "calls in 16 sessions leave nothing behind but their streams, and no more of those than are kept for clients that come back",
  async () => {
    // by default up to 64 MiB are kept
    const keptBytes = scaled(2_097_152)
    await using app = assemble(soaked(keptBytes))
    await using handler = toFetchHandler(app)
    const sessions = await Promise.all(Array.from({ length: 16 }, () => begin(handler)))
    let served = 0
    const call = async (id: number) => {
      if ((await ask(handler, inSession(id, sessions[id % sessions.length]))).status === 200) served++
    }
    const filling = scaled(20_000)
    const before = await reachable()
    await times(filling, 50, call)
    const each = ((await reachable()) - before) / filling
    await soak(
      `in 16 sessions, ${Math.round(each)} B a call while their EventStore of ${mebibytes(keptBytes)} MiB filled up in the first ${filling}, then`,
      call
    )
    expect(served).toBe(filling + made)
  },
  deadline
)

it(
  "calls over one connection of both eras leave nothing behind",
  async () => {
    const waiting = new Map<unknown, () => void>()
    const transport: MessageTransport = {
      start: async () => {},
      send: async ({ id }) => {
        waiting.get(id)?.()
        waiting.delete(id)
      },
      close: async () => {}
    }
    await using app = assemble(soaked(1_048_576))
    await using _ = await serve(app, { transport, signals: false })
    const send = (message: { readonly id: unknown }) =>
      new Promise<void>((resolve) => {
        waiting.set(message.id, resolve)
        transport.onmessage!(message)
      })
    const clientInfo = { name: "soak", version: "0" }
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }
    await send({ jsonrpc: "2.0", id: "hello", method: "initialize", params } as { id: string })
    const answered = await soak("over one connection of both eras:", (id) =>
      send((id % 2 === 0 ? sessionless(id) : inSession(id)).message)
    )
    expect([answered, waiting.size]).toEqual([made, 0])
  },
  deadline
)

it(
  "calls over node's HTTP of both eras leave nothing behind in the process that serves them",
  async () => {
    await using child = await abused("http", { events: { maxBytes: scaled(1_048_576) } }, { deadline })
    const load = client(child.port)
    const headers = await session(load)
    let served = 0
    const call = async (id: number) => {
      const [name, args] = id % 4 < 2 ? ["echo", { text: `${id}` }] : ["flood", { count: 1, bytes: 10 }]
      const now = calling(id, name as string, args as object, { progressToken: id })
      const params = { name, arguments: args, _meta: { progressToken: id } }
      const sent = id % 2 === 0 ? { message: now, headers: headersOf(now) } : { message: { ...now, params }, headers }
      const { status, text } = await load.ask(JSON.stringify(sent.message), sent.headers)
      if (status === 200 && text.includes('"result"')) served++
    }
    const handles: Array<number> = []
    await soak("over node's HTTP of both eras:", call, async () => {
      const seen = await look(child.url)
      handles.push(seen.handles)
      return seen.heapUsed
    })
    load.close()
    told`R-15: handles of that process, after the first calls and after the last: ${handles[1]!} and ${handles.at(-1)!}`
    expect(served).toBe(made)
    expect(handles.at(-1)).toBe(handles[1])
  },
  deadline
)
