import fc from "fast-check"
import { assemble } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { scaled, told } from "../abuse/figures.ts"
import { conversation, httpInput, lines, sessionTalk } from "./arbitraries.ts"
import { fixture } from "./fixture.ts"
import { errorPairs } from "./oracle.ts"
import { overMessages, overStreams } from "./property-duplex.ts"
import { gateStatuses, overHttp } from "./property-http.ts"
import { overSessions } from "./property-session.ts"
import { keys, learnStates } from "./states.ts"

// a spy would keep every call
const { error } = console
beforeAll(async () => {
  console.error = () => {}
  await learnStates()
})
afterAll(() => {
  console.error = error
})

/** Milliseconds, not turns: a shrink of a hundred thousand inputs takes its time. */
const timeout = 30 * 60_000

describe.each(["handshake", "sessionless"] as const)("100,000 inputs of a %s client", (era) => {
  let inputs = 0
  const seen = new Set<string>()

  it(
    "are answered over HTTP, with a good call after every hundredth",
    async () => {
      const http = overHttp()
      let since = 0
      const property = fc.asyncProperty(httpInput(era), async (input) => {
        seen.add(await http.check(input))
        inputs++
        if (++since % 100 === 0) await http.survives()
      })
      await fc.assert(property, { numRuns: scaled(60_000) })
      await http.survives()
      await http.dispose()
    },
    timeout
  )

  it(
    "are answered as message objects, with a good call after each conversation",
    async () => {
      await using app = assemble(fixture, keys)
      const property = fc.asyncProperty(conversation(era), async (talk) => {
        inputs += await overMessages(app, talk)
      })
      await fc.assert(property, { numRuns: scaled(10_000) })
    },
    timeout
  )

  it(
    "are answered as lines of text, with a good call after each conversation",
    async () => {
      await using app = assemble(fixture, keys)
      const property = fc.asyncProperty(lines(era), async (talk) => {
        inputs += await overStreams(app, talk)
      })
      await fc.assert(property, { numRuns: scaled(10_000) })
    },
    timeout
  )

  it.runIf(era === "handshake")(
    "are answered in sessions, with a good call after every hundredth",
    async () => {
      const sessions = overSessions()
      let since = 0
      const property = fc.asyncProperty(sessionTalk, async (talk) => {
        inputs += await sessions.check(talk)
        if (++since % 100 === 0) await sessions.survives()
      })
      await fc.assert(property, { numRuns: scaled(5_000) })
      await sessions.dispose()
    },
    timeout
  )

  it("were that many, and met with every answer there is", () => {
    told`R-3: ${inputs} inputs of ${era} clients over HTTP, as messages, as lines and in sessions, each answered once and well, with a good call between them; ${seen.size} kinds of answers over HTTP`
    expect(inputs).toBeGreaterThanOrEqual(scaled(100_000))
    const gate = gateStatuses.map((status) => `-32600 ${status}`)
    const all = [...errorPairs[era], ...gate, "result 200", "nothing 202"]
    expect(all.filter((answer) => !seen.has(answer))).toEqual([])
  })
})
