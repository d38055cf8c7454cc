import { expect, it } from "vitest"
import { mebibytes, scaled, told } from "./figures.ts"
import { client, session, times } from "./load.ts"
import { abused, effortOf, look, skip } from "./process.ts"

const count = scaled(100_000)
const idleTimeout = 60_000
const deadline = 15 * 60_000

it(
  "sessions that were begun and left are gone after their idle time, and so is their memory",
  async () => {
    await using child = await abused("http", { http: { sessions: { max: 1_000_000, idleTimeout } } }, { deadline })
    const load = client(child.port, 32)
    const abandon = async (of: number) => {
      const sample: Array<Record<string, string>> = []
      await times(of, 32, async (n) => {
        const headers = await session(load)
        if (n % Math.ceil(of / 1_000) === 0) sample.push(headers)
      })
      const most = await look(child.url)
      await effortOf(child.url)
      await skip(child.url, idleTimeout)
      // whatever is due to end does so when a session is next begun
      await session(load)
      const { stretch } = await effortOf(child.url)
      await skip(child.url, idleTimeout)
      const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })
      const known = await Promise.all(sample.map(async (headers) => (await load.ask(ping, headers)).status))
      await look(child.url)
      return { most, stretch, known, after: await look(child.url) }
    }
    const cold = await look(child.url)
    await abandon(5_000)
    const before = await look(child.url)
    const first = await abandon(count)
    const second = await abandon(count)
    load.close()
    const left = (second.after.heapUsed - before.heapUsed) / (2 * count)
    told`R-2: twice ${count} abandoned sessions, heap ${mebibytes(before.heapUsed)} MiB before, ${mebibytes(second.most.heapUsed)} MiB at most, ${mebibytes(second.after.heapUsed)} MiB after (${left} B left of each); RSS ${mebibytes(cold.rss)} MiB cold, ${mebibytes(first.after.rss)} MiB after the first ${count}, ${mebibytes(second.after.rss)} MiB after the second; the loop was held ${second.stretch} ms while ${count} ended at once`
    for (const { known } of [first, second]) expect(new Set(known)).toEqual(new Set([404]))
    expect(second.after.heapUsed).toBeLessThan(before.heapUsed * 1.05)
    expect(second.after.rss).toBeLessThan(first.after.rss * 1.05)
  },
  deadline
)
