import { expect, it } from "vitest"
import { clients, type RedisServer, redisServer, withRedis } from "../kit/redis.ts"
import { start } from "../kit/spawn.ts"
import { percentile, scaled, told } from "./figures.ts"
import { type Client, client, session, times } from "./load.ts"

const timeout = 20 * 60_000
const outage = scaled(30_000)

const replica = async (redis: RedisServer) => {
  const child = start("spec/abuse/fixtures/replica.ts", { args: [`${redis.port}`], deadline: timeout })
  const { port } = JSON.parse(await child.errorLine('"ready":true'))
  return { child, load: client(port, 64) }
}

/** A session that two processes serve in turn, and how often its counter was said to be one more. */
interface Counting {
  readonly headers: Readonly<Record<string, string>>
  acknowledged: number
}

withRedis("replicas whose Redis is in trouble", () => {
  it("live, lose nothing that they said was done, and go on when it is back", { timeout }, async () => {
    await using redis = await redisServer()
    const room = async (bytes: string) => {
      await using admin = clients.redis(redis.port)
      await admin.ready()
      await admin.send("CONFIG", "SET", "maxmemory", bytes)
    }
    const replicas = [await replica(redis), await replica(redis)] as const
    const loads = replicas.map(({ load }) => load) as [Client, Client]
    let id = 0
    const call = async (one: Counting, load: Client, name: string) => {
      const message = { jsonrpc: "2.0", id: ++id, method: "tools/call", params: { name } }
      const since = performance.now()
      const { status, text } = await load.ask(JSON.stringify(message), one.headers)
      expect(text).not.toMatch(/redis|EVALSHA|OOM|127\.0\.0\.1|\bat /i)
      const { result } = JSON.parse(text)
      const done = status === 200 && result?.isError !== true
      if (done && name === "count") one.acknowledged++
      return { done, status, millis: performance.now() - since, text: result?.content?.[0].text as string }
    }
    const begin = async (): Promise<Counting> => ({ headers: await session(loads[0]), acknowledged: 0 })
    let all = await Promise.all(Array.from({ length: 50 }, begin))

    /** Counts in all sessions by turns for so long; how that went. */
    const under = async (millis: number) => {
      const until = performance.now() + millis
      const took: Array<number> = []
      let [made, done] = [0, 0]
      await times(all.length, all.length, async (n) => {
        do {
          const answer = await call(all[n]!, loads[made++ % 2]!, "count")
          took.push(answer.millis)
          if (answer.done) done++
        } while (performance.now() < until)
      })
      return { made, done, longest: percentile(took, 100) }
    }
    /** What was acknowledged and is not there, once each session is served again at both. */
    const lost = async () => {
      let missing = 0
      for (const one of all) {
        for (const load of loads) {
          let answer = await call(one, load, "counted")
          while (!answer.done) answer = await call(one, load, "counted")
          missing += Math.max(0, one.acknowledged - Number(answer.text))
        }
      }
      return missing
    }
    const healthy = await under(2_000)
    redis.hold()
    const held = await under(outage)
    redis.release()
    const lostByHold = await lost()
    await room("1")
    const full = await under(2_000)
    await room("0")
    const lostByFull = await lost()
    await redis.stop()
    const gone = await under(3_000)
    await redis.start()
    // with the server all sessions are gone
    all = await Promise.all(Array.from({ length: 50 }, begin))
    const back = await under(2_000)
    const lostByRestart = await lost()
    const shown = ({ made, done, longest }: typeof held) =>
      `${done}/${made} done, each answered within ${Math.round(longest)} ms`
    told`R-12: two processes and 50 sessions by turns with Redis well: ${shown(healthy)}; held for ${outage / 1_000} s: ${shown(held)}; out of memory: ${shown(full)}; killed: ${shown(gone)}; started anew: ${shown(back)}; ${lostByHold + lostByFull + lostByRestart} acknowledged changes lost`
    for (const { child, load } of replicas) {
      load.close()
      child.signal("SIGTERM")
      expect(await child.ended()).toEqual({ code: 0, signal: null })
    }
    expect([lostByHold, lostByFull, lostByRestart]).toEqual([0, 0, 0])
    expect([healthy.done, back.done]).toEqual([healthy.made, back.made])
  })
})
