import { describe, judge, ratchets } from "./ratchet.ts"
import { examine, suites } from "./referee.ts"
import { serveFixture } from "./serving.ts"

await using serving = await serveFixture()

for (const suite of suites) {
  const verdict = judge(await examine(serving.url!, suite), ratchets[suite])
  console.log(describe(suite, verdict, ratchets[suite]))
  if (verdict.broken.length + verdict.stale.length > 0) process.exitCode = 1
}
