import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Difference, differencesOf, type Intended } from "./difference.ts"
import { type Exchange, type Live, openSessions, perform } from "./exchange.ts"
import { generated } from "./exchanges.ts"
import { intended } from "./intended.ts"
import { ours } from "./ours.ts"
import { picked } from "./picked.ts"
import { theirs } from "./theirs.ts"

const mine = ours()
const official = theirs()
const occurred = new Set<Intended>()
let sessions: readonly [Live, Live]

const { error } = console
beforeAll(async () => {
  console.error = () => {}
  sessions = [await openSessions(mine), await openSessions(official)]
})

afterAll(async () => {
  console.error = error
  await mine.dispose()
  await official.dispose()
})

/** In a line, as it can be found in the files beside this one. */
const tell = ({ exchange: { era, what, change }, aspect, ours, theirs }: Difference): string =>
  `${era}: ${what}, ${change}: ${aspect} is ${ours || "empty"} here and ${theirs || "empty"} there`

/** Differences that the table does not list, and failures of our own, which no table could excuse. */
const unlisted = async (exchanges: ReadonlyArray<Exchange>): Promise<ReadonlyArray<string>> => {
  const lines: Array<string> = []
  for (const exchange of exchanges) {
    const here = await perform(mine, exchange, sessions[0])
    const there = await perform(official, exchange, sessions[1])
    if (/^5|-32603/.test(here.verdict))
      lines.push(`${exchange.era}: ${exchange.what}, ${exchange.change}: ${here.verdict}`)
    for (const difference of differencesOf(exchange, here, there)) {
      const entry = intended[difference.aspect].find(({ at }) => at(difference))
      if (entry === undefined) lines.push(tell(difference))
      else occurred.add(entry)
    }
  }
  return lines
}

describe("beside the official server", { timeout: 60_000 }, () => {
  it.each(["sessionless", "stateless", "session"] as const)(
    "every %s message and every change to one is answered alike, or as the table says",
    async (era) => {
      expect(await unlisted(generated.filter((exchange) => exchange.era === era))).toEqual([])
    }
  )

  it("so is what only a hand would send", async () => {
    expect(await unlisted(picked)).toEqual([])
  })

  it("each entry of the table still occurs, and names the words that decide it", () => {
    const entries = Object.values(intended).flat()
    expect(entries.filter((entry) => !occurred.has(entry)).map(({ says }) => says)).toEqual([])
    for (const { decides } of entries) expect(decides).toMatch(/^(?:20\d\d-|RFC |JSON-RPC ).*"/)
    expect(generated.length + picked.length).toBeGreaterThan(1_500)
  })
})
