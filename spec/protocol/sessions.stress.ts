import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assemble, server } from "mcpipe"
import { expect, it } from "vitest"
import type { HttpSink } from "../../lib/protocol/exchange.ts"
import type { HttpSession } from "../../lib/protocol/http-session.ts"
import { sessionsOf } from "../../lib/protocol/sessions.ts"
import { anonymous } from "../../lib/services/principal.ts"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

const reachable = async (): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

const running = await assemble(server({ name: "any", version: "1" }))["~mcpipe/App"].running()

const agreed = (n: number) => ({
  revision: "2025-11-25" as const,
  capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
  clientInfo: { name: `client ${n}`, version: "1" }
})

/** What a session's connections cost is node's and the client's; here they cost nothing. */
const connection: HttpSink = {
  events: true,
  begin: () => {},
  event: () => undefined,
  close: () => {},
  notify: () => undefined,
  ask: () => undefined,
  reply: () => {}
}

it("10,000 idle sessions take 4 KiB each beside their open stream at the most", async () => {
  const sessions = sessionsOf(running, { max: 20_000 })
  const open = (n: number) => {
    const session = sessions.begin(agreed(n), anonymous) as HttpSession
    session.notified({ jsonrpc: "2.0", method: "notifications/initialized" })
    session.streams.listen(connection, undefined)
  }
  for (let n = 0; n < 1_000; n++) open(n)
  const before = await reachable()
  for (let n = 0; n < 10_000; n++) open(n)
  const each = ((await reachable()) - before) / 10_000
  console.log(`an idle session with an open stream takes ${Math.round(each)} bytes`)
  expect(sessions.size()).toBe(11_000)
  expect(each).toBeLessThan(4_096)
})

it("100,000 abandoned sessions come to nothing once their time is over", async () => {
  const clock = { now: 0 }
  const sessions = sessionsOf(running, { max: 200_000, idleTimeout: 60_000, now: () => clock.now })
  const abandon = () => {
    for (let n = 0; n < 100_000; n++) sessions.begin(agreed(n), anonymous)
    const all = sessions.size()
    clock.now += 60_000
    expect([all, sessions.size()]).toEqual([100_000, 0])
  }
  abandon()
  const before = await reachable()
  abandon()
  const left = (await reachable()) - before
  console.log(`100,000 abandoned sessions leave ${left} bytes`)
  expect(left).toBeLessThan(before * 0.05)
})
