import { serve } from "mcpipe"
import fixture from "./fixture.ts"
import { describe, judge, ratchets } from "./ratchet.ts"
import { examine, revisions } from "./referee.ts"

await using serving = await serve(fixture, { http: { port: 0 }, signals: false })

for (const revision of revisions) {
  const verdict = judge(await examine(serving.url!, revision), ratchets[revision])
  console.log(describe(revision, verdict, ratchets[revision]))
  if (verdict.broken.length + verdict.stale.length > 0) process.exitCode = 1
}
