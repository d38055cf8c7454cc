import fc from "fast-check"
import { assemble } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { conversation, httpInput, lines, sessionTalk } from "./arbitraries.ts"
import { fixture } from "./fixture.ts"
import { overMessages, overStreams } from "./property-duplex.ts"
import { overHttp } from "./property-http.ts"
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

const timeout = 60_000

describe.each(["handshake", "sessionless"] as const)("5,000 inputs of a %s client", { timeout }, (era) => {
  let inputs = 0

  it("over HTTP are each answered once and well, and harm nobody", async () => {
    const http = overHttp()
    const property = fc.asyncProperty(httpInput(era), async (input) => {
      expect(await http.check(input)).toMatch(/ [245]\d\d$/)
      inputs++
    })
    await fc.assert(property, { numRuns: 2_000 })
    await http.survives()
    await http.dispose()
  })

  it("as message objects are answered once and well, and harm nobody", async () => {
    await using app = assemble(fixture, keys)
    const property = fc.asyncProperty(conversation(era), async (talk) => {
      inputs += await overMessages(app, talk)
    })
    await fc.assert(property, { numRuns: 300 })
  })

  it("as lines of text are answered once and well, and harm nobody", async () => {
    await using app = assemble(fixture, keys)
    const property = fc.asyncProperty(lines(era), async (talk) => {
      inputs += await overStreams(app, talk)
    })
    await fc.assert(property, { numRuns: 250 })
  })

  it.runIf(era === "handshake")("in sessions are answered once and well, and harm nobody", async () => {
    const sessions = overSessions()
    const property = fc.asyncProperty(sessionTalk, async (talk) => {
      inputs += await sessions.check(talk)
    })
    await fc.assert(property, { numRuns: 150 })
    await sessions.survives()
    await sessions.dispose()
  })

  it("were that many", () => {
    expect(inputs).toBeGreaterThanOrEqual(5_000)
  })
})
