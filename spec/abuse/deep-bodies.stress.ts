import { expect, it } from "vitest"
import { send } from "../kit/raw-http.ts"
import { scaled, told } from "./figures.ts"
import { times } from "./load.ts"
import { type Abused, abused, calling, effortOf, headersOf } from "./process.ts"

const deadline = 10 * 60_000

/** Milliseconds that the loop may be held. */
const bound = 100

/** Sends so many, some at once; how many were answered with this status, and what that took. */
const effortFor = async (child: Abused, of: number, atOnce: number, status: number, one: (n: number) => string) => {
  const message = calling(1, "take")
  await effortOf(child.url)
  let answered = 0
  await times(of, atOnce, async (n) => {
    if ((await send(child.port, { headers: headersOf(message), body: one(n) })).status === status) answered++
  })
  return { answered, ...(await effortOf(child.url)) }
}

/** A call whose argument is this text. */
const call = (text: string): string => JSON.stringify(calling(1, "take", { value: "HERE" })).replace('"HERE"', text)

/** Something as often as so many bytes hold it. */
const filled = (bytes: number, one: (n: number) => string): string => {
  const parts: Array<string> = []
  for (let size = 0, n = 0; ; n++) {
    const part = one(n)
    size += part.length + 1
    if (size > bytes) return parts.join()
    parts.push(part)
  }
}

it(
  "nests of 100,000 levels are refused without holding the loop for 100 ms",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const count = scaled(1_000)
    const nests = [
      "[".repeat(100_000),
      '{"a":'.repeat(100_000),
      `{"jsonrpc":"2.0","id":1,"params":${"[".repeat(100_000)}`,
      call(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)
    ]
    const { answered, ran, stretch, ownLag, lag } = await effortFor(
      child,
      count,
      8,
      400,
      (n) => nests[n % nests.length]!
    )
    told`R-5: ${count} nests of 100,000 levels, ${answered} answered 400, ${ran / count} ms of processor time each; the loop late by ${ownLag} ms at most (${lag} ms by the clock), held for ${stretch} ms at most`
    expect(answered).toBe(count)
    expect(stretch).toBeLessThan(bound)
    expect(ownLag).toBeLessThan(bound)
  },
  deadline
)

it(
  "an object of 1,000,000 members is refused without holding the loop for 100 ms",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const count = scaled(100)
    const members = call(`{${Array.from({ length: 1_000_000 }, (_, n) => `"k${n}":0`).join()}}`)
    const { answered, ran, stretch, ownLag, lag } = await effortFor(child, count, 8, 413, () => members)
    told`R-5: ${count} objects of 1,000,000 members, ${answered} answered 413, ${ran / count} ms of processor time each; the loop late by ${ownLag} ms at most (${lag} ms by the clock), held for ${stretch} ms at most`
    expect(answered).toBe(count)
    expect(stretch).toBeLessThan(bound)
    expect(ownLag).toBeLessThan(bound)
  },
  deadline
)

/** Values that take many at a time of the fewest bytes, or long to read each. */
const kinds = {
  "members of one object": (bytes: number) => `{${filled(bytes, (n) => `"k${n}":0`)}}`,
  "objects of a member that no other has": (bytes: number) => `[${filled(bytes, (n) => `{"k${n}":0}`)}]`,
  "empty arrays": (bytes: number) => `[${filled(bytes, () => "[]")}]`,
  "empty objects": (bytes: number) => `[${filled(bytes, () => "{}")}]`,
  strings: (bytes: number) => `[${filled(bytes, (n) => `"${n}"`)}]`,
  numbers: (bytes: number) => `[${filled(bytes, () => "0")}]`,
  fractions: (bytes: number) => `[${filled(bytes, (n) => `${n}.5`)}]`
}

/** The last that is taken is what a body may hold. */
const sizes = [3.99, 2, 1.5, 1, 0.75, 0.5, 0.25, 0.14]

it.each(Object.entries(kinds))(
  "as many %s as a body may hold, and less of them, do not hold the loop for 100 ms",
  { timeout: deadline },
  async (kind, text) => {
    await using child = await abused("http", {}, { deadline })
    const each: Array<string> = []
    let longest = 0
    for (const mebibytes of sizes) {
      const value = text(mebibytes * 1_048_576)
      const alone = await effortFor(child, 10, 1, 200, () => call(value))
      const together = await effortFor(child, 16, 8, 200, () => call(value))
      longest = Math.max(longest, alone.stretch, alone.ownLag)
      const done = alone.answered + together.answered
      each.push(
        `${mebibytes} MiB (${value.split(",").length}, ${done}/26 taken) ${Math.round(alone.stretch)} ms, ${Math.round(together.stretch)} ms where 8 come at once`
      )
    }
    told`R-5: ${kind} hold the loop by the size of the body for at most ${each.join("; ")}`
    expect(longest).toBeLessThan(bound)
  }
)
