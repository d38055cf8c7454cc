// The fetch handler, against building and reading Request and Response alone.
import { perCall, runCalls } from "./calls.mjs"
import { ratioOf, verdict } from "./measure.mjs"
import { eras } from "./workload.mjs"

export const title = "Fetch handler, Request in to text out"

export const run = (options) => {
  const [floor, own, peer] = ["floor", "mcpipe", "sdk-v2"].map((name) => eras.map((era) => [name, era]))
  return runCalls(title, "fetch", [...floor, ...own], peer, options, (of) =>
    eras.map((era) =>
      verdict(`time against the floor, ${era}`, ratioOf(of("mcpipe", era), of("floor", era), perCall), { atMost: 1.25 })
    )
  )
}
