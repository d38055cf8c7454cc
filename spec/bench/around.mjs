// What middleware and mounts add to a call in process, and what it takes to assemble many components.
import { strictEqual } from "node:assert/strict"
import { more, runCalls } from "./calls.mjs"
import { median, verdict } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { eras } from "./workload.mjs"

export const title = "Middleware and mounts around a call, in process"

const targets = [
  ["ten no-op callTool hooks", 1],
  ["ten no-op middleware", 1],
  ["among 1,000 mounted", 0.5],
  ["rate limit", 2]
]

export const run = async (options) => {
  const names = ["floor", "mcpipe", "one request hook", ...targets.map(([name]) => name)]
  const pairs = names.flatMap((name) => eras.map((era) => [name, era]))
  const report = await runCalls(title, "around", pairs, [], options, (of, scaled) =>
    targets.flatMap(([name, atMost]) =>
      eras.map((era) => {
        // one hook around requests puts a call into a fiber of its own; what each further one costs is the question
        const base = name.startsWith("ten no-op middleware") || name === "rate limit" ? "one request hook" : "mcpipe"
        return verdict(`µs more than ${base}, scaled, ${name}, ${era}`, scaled(more(of, name, base, era)), { atMost })
      })
    )
  )
  const starts = []
  for (let start = 0; start < options.starts; start++) {
    const host = await startHost("hosts/assemble.mjs", [], options)
    starts.push(host.first)
    host.stop()
  }
  if (options.rounds === 0) {
    for (const { tools } of starts) strictEqual(tools, 1_001)
    return report
  }
  const took = verdict(
    "ms to assemble 1,000 mounted tools, in a new process",
    median(starts.map(({ micros }) => micros)) / 1_000,
    { atMost: 100 }
  )
  return { ...report, verdicts: [...report.verdicts, took] }
}
