import { expect, it } from "vitest"
import { mebibytes, percentile, scaled, told } from "./figures.ts"
import { type Client, client, latencies, type Open, session, times } from "./load.ts"
import { abused, headersOf, look, request } from "./process.ts"
import { start } from "../kit/spawn.ts"

const count = scaled(10_000)
const deadline = 15 * 60_000

/** So many streams, once each has told its first event. */
const streams = async (of: number, open: (n: number) => Promise<Open>, first: RegExp): Promise<ReadonlyArray<Open>> => {
  const all: Array<Open> = []
  await times(of, 32, async (n) => {
    const one = await open(n)
    if (one.response.statusCode !== 200) throw new Error(`${one.response.statusCode}`)
    const event = await new Promise<string>((resolve) => one.response.once("data", (chunk) => resolve(String(chunk))))
    if (!first.test(event)) throw new Error(`not the first event: ${event}`)
    one.response.resume()
    all.push(one)
  })
  return all
}

const listening = { accept: "text/event-stream" }
const primed = /^id: g1\.0$/m

const leave = (all: ReadonlyArray<Open>, load: Client): void => {
  for (const { sent } of all) sent.destroy()
  load.close()
}

/** Bytes of heap that node itself needs for one such stream. */
const bareStream = async (): Promise<number> => {
  await using child = start("spec/abuse/fixtures/bare-streams.ts", { deadline })
  const { port } = JSON.parse(await child.errorLine('"ready":true'))
  const load = client(port, 32)
  const heapUsed = async (): Promise<number> => JSON.parse((await load.ask("", {})).text).heapUsed
  const open = (n: number) => {
    const headers = { "mcp-session-id": n.toString().padStart(64, "0"), "mcp-protocol-version": "2025-11-25" }
    return load.open(undefined, { ...headers, ...listening }, "GET")
  }
  const warm = await streams(500, open, primed)
  const before = await heapUsed()
  const all = await streams(count, open, primed)
  const each = ((await heapUsed()) - before) / count
  leave([...warm, ...all], load)
  return each
}

it(
  "idle sessions cost at most 4 KiB of heap each beside their open stream, and nobody else's time",
  async () => {
    const bare = await bareStream()
    const settings = { http: { sessions: { max: 2 * count + 1_000 }, keepAlive: 60_000 } }
    await using child = await abused("http", settings, { deadline })
    const load = client(child.port, 32)
    const sessions: Array<Record<string, string>> = []
    const open = (n: number) => load.open(undefined, { ...sessions[n]!, ...listening }, "GET")
    const begin = async () => {
      const { "content-type": _, ...headers } = await session(load)
      sessions.push(headers)
    }
    // what the first ones compile and cache is no session's
    await times(500, 32, begin)
    const warm = await streams(500, open, primed)
    const before = await look(child.url)
    await times(count, 32, begin)
    const idle = await look(child.url)
    const all = await streams(count, (n) => open(500 + n), primed)
    const streaming = await look(child.url)
    const calls = await latencies(child, 1_000)
    leave([...warm, ...all], load)
    const alone = (idle.heapUsed - before.heapUsed) / count
    const whole = (streaming.heapUsed - before.heapUsed) / count
    const p99 = percentile(calls.own, 99)
    told`R-1: ${count} sessions, ${alone} B of heap each, ${whole} B with their open GET stream, of which a bare node:http stream takes ${bare} B and a session ${whole - bare} B; ${mebibytes(streaming.rss - before.rss)} MiB of memory in all; p99 of another's call ${p99} ms (${percentile(calls.wall, 99)} ms by the clock)`
    expect(all).toHaveLength(count)
    expect(alone).toBeLessThanOrEqual(4_096)
    expect(whole - bare).toBeLessThanOrEqual(4_096)
    expect(p99).toBeLessThan(50)
  },
  deadline
)

it(
  "subscriptions/listen streams are all acknowledged, cost at most 25 KB of heap each, and nobody else's time",
  async () => {
    const settings = { maxListens: 2 * count + 1_000, http: { keepAlive: 60_000 } }
    await using child = await abused("http", settings, { deadline })
    const load = client(child.port, 32)
    const open = (n: number) => {
      const message = request(n, "subscriptions/listen", { notifications: { resourceSubscriptions: ["abuse://one"] } })
      return load.open(JSON.stringify(message), headersOf(message))
    }
    const acknowledged = /"notifications\/subscriptions\/acknowledged"/
    const warm = await streams(500, open, acknowledged)
    const before = await look(child.url)
    const all = await streams(count, (n) => open(500 + n), acknowledged)
    const after = await look(child.url)
    const calls = await latencies(child, 1_000)
    leave([...warm, ...all], load)
    const each = (after.heapUsed - before.heapUsed) / count
    const p99 = percentile(calls.own, 99)
    told`R-1: ${count} subscriptions/listen, all acknowledged, ${each} B of heap each, connection included; ${mebibytes(after.rss - before.rss)} MiB of memory in all; p99 of another's call ${p99} ms (${percentile(calls.wall, 99)} ms by the clock)`
    expect(all).toHaveLength(count)
    expect(each).toBeLessThanOrEqual(25_000)
    expect(p99).toBeLessThan(50)
  },
  deadline
)
