import { assemble, toFetchHandler } from "mcpipe"
import { expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"
import { reachable } from "./heap.ts"
import { ask, begin, handled, inSession, sessionless, soaked } from "./soaked.ts"

const calls = 1_400

/** Counts what was given to calls, and what of that is still reachable. */
const ledger = () => {
  const refs: Array<WeakRef<object>> = []
  return {
    seen: (args: object) => void refs.push(new WeakRef(args)),
    seenOf: () => refs.length,
    kept: async (until: number) => {
      await reachable()
      return refs.slice(0, until).filter((ref) => ref.deref() !== undefined).length
    }
  }
}

it.each(["2026-07-28", "a session"])("of calls that are over nothing is kept, over HTTP in %s", async (era) => {
  const { seen, seenOf, kept } = ledger()
  await using app = assemble(soaked(1_048_576, seen))
  await using handler = toFetchHandler(app)
  const headers = era === "a session" ? await begin(handler) : undefined
  const callOf = (id: number) => (headers === undefined ? sessionless(id) : inSession(id, headers))
  let served = 0
  for (let id = 0; id < calls; id++) if ((await ask(handler, callOf(id))).status === 200) served++
  expect([served, seenOf()]).toEqual([calls, calls * handled])
  // engine and runtime may hold on to what was last
  for (let id = 0; id < 70; id++) await ask(handler, callOf(calls + id))
  expect(await kept(calls * handled)).toBe(0)
})

it.each(["sessionless", "2025-11-25"] as const)(
  "of calls that are over nothing is kept, over a connection, %s",
  async (speak) => {
    const { seen, seenOf, kept } = ledger()
    await using app = assemble(soaked(1_048_576, seen))
    await using wire = await connectWire(app, { speak })
    const call = ({ message }: ReturnType<typeof inSession>) => wire.request(message.method, message.params)
    for (let id = 0; id < calls; id++) await call(inSession(id))
    expect(seenOf()).toBe(calls * handled)
    for (let id = 0; id < 70; id++) await call(inSession(calls + id))
    expect(await kept(calls * handled)).toBe(0)
  }
)
