import { expect, it } from "vitest"
import { client, latencies, percentile, session, times, told } from "./load.ts"
import { abused, headersOf, look, mebibytes, request } from "./process.ts"

const count = 10_000
const deadline = 10 * 60_000

it(
  "10,000 idle sessions cost at most 4 KiB of heap each beside their open stream, and nobody else's time",
  async () => {
    const settings = { http: { sessions: { max: 20_000 }, keepAlive: 60_000 } }
    await using child = await abused("http", settings, { deadline })
    const load = client(child.port, 32)
    // what the first ones compile and cache is no session's
    await times(500, 32, () => session(load))
    const before = await look(child.url)
    const headers: Array<Record<string, string>> = []
    await times(count, 32, async () => void headers.push(await session(load)))
    const idle = await look(child.url)
    const open: Array<{ destroy: () => unknown }> = []
    await times(count, 32, async (n) => {
      const { "content-type": _, ...own } = headers[n]!
      const { sent, response } = await load.open(undefined, { ...own, accept: "text/event-stream" }, "GET")
      if (response.statusCode !== 200) throw new Error(`GET: ${response.statusCode}`)
      response.resume()
      response.on("error", () => {})
      sent.on("error", () => {})
      open.push(sent)
    })
    const listening = await look(child.url)
    const calls = await latencies(child.port, 1_000)
    for (const one of open) one.destroy()
    load.close()
    const perSession = (idle.heapUsed - before.heapUsed) / count
    const withStream = (listening.heapUsed - before.heapUsed) / count
    const p99 = percentile(calls, 99)
    told("R-1, 10,000 sessions", {
      "bytes of heap for each": perSession,
      "with its GET stream": withStream,
      "KiB of memory for each with its stream": (listening.rss - before.rss) / count / 1024,
      "p50 of another's call, ms": percentile(calls, 50),
      "p99, ms": p99
    })
    expect(open).toHaveLength(count)
    expect(perSession).toBeLessThanOrEqual(4_096)
    expect(p99).toBeLessThan(50)
  },
  deadline
)

it(
  "10,000 subscriptions/listen streams are all acknowledged, and cost nobody else's time",
  async () => {
    await using child = await abused("http", { maxListens: 20_000, http: { keepAlive: 60_000 } }, { deadline })
    const load = client(child.port, 32)
    const before = await look(child.url)
    const open: Array<{ destroy: () => unknown }> = []
    let acknowledged = 0
    await times(count, 32, async (n) => {
      const message = request(n, "subscriptions/listen", { notifications: { resourceSubscriptions: ["abuse://one"] } })
      const { sent, response } = await load.open(JSON.stringify(message), headersOf(message))
      sent.on("error", () => {})
      response.on("error", () => {})
      await new Promise<void>((resolve) => {
        response.once("data", (chunk) => {
          if (String(chunk).includes("notifications/subscriptions/acknowledged")) acknowledged++
          resolve()
        })
      })
      response.resume()
      open.push(sent)
    })
    const listening = await look(child.url)
    const calls = await latencies(child.port, 1_000)
    for (const one of open) one.destroy()
    load.close()
    const p99 = percentile(calls, 99)
    told("R-1, 10,000 subscriptions/listen", {
      "bytes of heap for each, connection included": (listening.heapUsed - before.heapUsed) / count,
      "p99 of another's call, ms": p99
    })
    expect(acknowledged).toBe(count)
    expect(p99).toBeLessThan(50)
  },
  deadline
)

it(
  "100,000 sessions that were begun and left are gone after their idle time, and so is their memory",
  async () => {
    const idleTimeout = 10_000
    await using child = await abused("http", { http: { sessions: { max: 1_000_000, idleTimeout } } }, { deadline })
    const load = client(child.port, 32)
    await times(5_000, 32, () => session(load))
    await new Promise((resolve) => setTimeout(resolve, idleTimeout))
    await session(load)
    const before = await look(child.url)
    let most = 0
    await times(100_000, 32, async (n) => {
      await session(load)
      if (n % 20_000 === 19_999) most = Math.max(most, (await look(child.url)).heapUsed)
    })
    await new Promise((resolve) => setTimeout(resolve, idleTimeout))
    // whatever is due to end does so when a session is next begun
    await session(load)
    await look(child.url)
    const after = await look(child.url)
    load.close()
    told("R-2, 100,000 abandoned sessions", {
      "MiB of heap before": mebibytes(before.heapUsed),
      most: mebibytes(most),
      after: mebibytes(after.heapUsed),
      "bytes left of each": (after.heapUsed - before.heapUsed) / 100_000
    })
    expect(after.heapUsed).toBeLessThan(before.heapUsed * 1.05)
  },
  deadline
)
