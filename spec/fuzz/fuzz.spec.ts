import fc from "fast-check"
import { assemble } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { conversation, httpInput, lines } from "./arbitraries.ts"
import { fixture } from "./fixture.ts"
import { overMessages, overStreams } from "./property-duplex.ts"
import { overHttp } from "./property-http.ts"

// a spy would keep every call
const { error } = console
beforeAll(() => {
  console.error = () => {}
})
afterAll(() => {
  console.error = error
})

describe.each(["handshake", "sessionless"] as const)("whatever a %s client sends", (era) => {
  it("over HTTP is answered once and well, and harms nobody", async () => {
    const http = overHttp()
    const property = fc.asyncProperty(httpInput(era), async (input) => {
      expect(await http.check(input)).toMatch(/ [245]\d\d$/)
    })
    await fc.assert(property, { numRuns: 1_000 })
    await http.survives()
    await http.dispose()
  })

  it("as message objects is answered once and well, and harms nobody", async () => {
    await using app = assemble(fixture)
    const property = fc.asyncProperty(conversation(era), async (messages) => {
      expect(await overMessages(app, messages)).toBe(messages.length)
    })
    await fc.assert(property, { numRuns: 150 })
  })

  it("as lines of text is answered once and well, and harms nobody", async () => {
    await using app = assemble(fixture)
    const property = fc.asyncProperty(lines(era), async (input) => {
      expect(await overStreams(app, input)).toBe(input.lines.length)
    })
    await fc.assert(property, { numRuns: 150 })
  })
})
