import { it } from "vitest"
import { manyResume, resumes } from "../transports/http/resume.property.ts"
import { scaled, told } from "./figures.ts"

const timeout = 20 * 60_000

it("streams that are cut 20 times each lose nothing, double nothing, and tell nothing of others", {
  timeout
}, async () => {
  const streams = scaled(500)
  await manyResume(streams, 20)
  told`R-13: ${streams} streams at once, each cut 20 times at any byte: ${streams * 101} messages came once and in order, the results among them; 0 lost, 0 doubled, 0 of another stream`
})

it("random sessions of up to five streams lose nothing and double nothing", { timeout }, async () => {
  const sessions = scaled(1_000)
  await resumes(sessions)
  told`R-13: ${sessions} random sessions of up to 5 streams, each cut up to 20 times: 0 lost, 0 doubled, 0 of another stream`
})
