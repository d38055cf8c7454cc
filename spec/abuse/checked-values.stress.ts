import { expect, it } from "vitest"
import { send } from "../kit/raw-http.ts"
import { told } from "./figures.ts"
import { abused, calling, effortOf, headersOf } from "./process.ts"

const deadline = 5 * 60_000

/** Milliseconds that the loop may be held. */
const bound = 100

const many = <A>(count: number, one: (n: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, n) => one(n))
const members = (count: number, one: (n: number) => unknown) =>
  Object.fromEntries(many(count, (n) => [`k${n}`, one(n)]))

/** As many values as a body may hold, and what checking them comes to. */
const given: Readonly<Record<string, readonly [tool: string, args: object, isError: boolean]>> = {
  "numbers that must differ": ["check", { unique: many(159_000, (n) => n + 0.5) }, false],
  "strings that must differ": ["check", { unique: many(63_000, (n) => `${n}`) }, false],
  "objects that must differ": ["check", { unique: many(15_900, (n) => ({ [`k${n % 10}`]: n })) }, false],
  "strings that must be one of a thousand": ["check", { chosen: many(63_000, () => "choice 1000") }, true],
  "numbers that must be one of ten alternatives": ["check", { either: many(15_900, () => 10) }, true],
  "numbers that must be multiples": ["check", { numbers: many(159_000, (n) => n / 100) }, false],
  "strings that must be numbers": ["check", { numbers: many(63_000, (n) => `${n}`) }, true],
  "strings one of which must be another": ["check", { containing: many(63_000, (n) => `${n}`) }, true],
  "objects without what they must have": ["check", { rows: many(31_900, () => ({})) }, true],
  "members of wrong names and values": ["check", { named: members(31_900, (n) => n) }, true],
  "numbers where valibot wants strings": ["list", { values: many(159_000, (n) => n) }, true],
  "objects where valibot wants others": ["list", { values: many(15_900, (n) => ({ a: n })) }, true]
}

it.each(Object.entries(given))(
  "as many %s as a body may hold do not hold the loop for 100 ms",
  { timeout: deadline },
  async (what, [tool, args, isError]) => {
    await using child = await abused("http", {}, { deadline })
    const message = calling(1, tool, args)
    const body = JSON.stringify(message)
    await effortOf(child.url)
    // by the clock, less what the machine did meanwhile: told, but too rough for a bound where others keep it busy
    let [longest, late] = [0, 0]
    for (let n = 0; n < 10; n++) {
      const answer = await send(child.port, { headers: headersOf(message), body })
      const { stretch, ownLag } = await effortOf(child.url)
      longest = Math.max(longest, stretch)
      late = Math.max(late, ownLag)
      expect(JSON.parse(answer.body).result?.isError === true).toBe(isError)
    }
    told`R-5: ${what} (a body of ${body.length} bytes) are checked, the loop held for ${longest} ms at most, late by ${late} ms`
    expect(longest).toBeLessThan(bound)
  }
)
