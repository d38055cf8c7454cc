import { expect, it } from "vitest"
import { send } from "../kit/raw-http.ts"
import { percentile, scaled, told } from "./figures.ts"
import { latencies, times } from "./load.ts"
import { abused, calling, headersOf } from "./process.ts"
import { type Dawdling, type Dawdled, dawdle, dawdling } from "./slow-clients.ts"

const count = scaled(2_000)
const deadline = 10 * 60_000
const kinds = Object.keys(dawdling) as ReadonlyArray<Dawdling>

it(
  "slow clients are answered 408 and closed within 15 seconds, and the others do not notice",
  async () => {
    await using child = await abused("http", { http: { bodyTimeout: 12_000 } }, { deadline })
    const quiet = await latencies(child, 500)
    const slow: Array<Promise<Dawdled & { readonly how: Dawdling }>> = []
    await times(count, 100, async (n) => {
      const how = kinds[n % kinds.length]!
      const every = how.startsWith("header") ? 1_000 : 5_000
      slow.push(dawdle(child.port, how, every).then((dawdled) => ({ ...dawdled, how })))
    })
    const meanwhile = await latencies(child, 1_000)
    const all = await Promise.all(slow)
    const longest = (kind: string) =>
      Math.max(0, ...all.filter(({ how }) => how.startsWith(kind)).map(({ millis }) => millis))
    const answered = all.filter(({ response }) => response?.status === 408).length
    const [headers, bodies] = [longest("header"), Math.max(longest("body"), longest("chunks"))]
    const p99 = percentile(meanwhile.own, 99)
    told`R-7: ${count} slow clients, ${answered} answered 408 and closed, with headers after ${headers} ms at most (limit 10,000), with bodies after ${bodies} ms (limit 12,000); p99 of another's call ${percentile(quiet.own, 99)} ms before and ${p99} ms meanwhile (${percentile(meanwhile.wall, 99)} ms by the clock)`
    expect(answered).toBe(count)
    expect(Math.max(headers, bodies)).toBeLessThan(15_000)
    expect(p99).toBeLessThan(50)
    const message = calling(1, "echo", { text: "" })
    expect((await send(child.port, { headers: headersOf(message), body: JSON.stringify(message) })).status).toBe(200)
  },
  deadline
)
