// Message object in, message object out, one call after another.
import { more, perCall, runCalls } from "./calls.mjs"
import { verdict } from "./measure.mjs"
import { eras } from "./workload.mjs"

export const title = "In process, message in to message out"

const ours = ["mcpipe"]
const crippled = "mcpipe, never asking"

export const run = (options) => {
  const both = ["floor", ...ours, crippled].flatMap((name) => eras.map((era) => [name, era]))
  const peers = ["sdk-v1", "sdk-v2"].map((name) => [name, "handshake"])
  return runCalls(title, "messages", both, peers, options, (of, scaled) => [
    ...ours.flatMap((name) =>
      eras.map((era) =>
        verdict(`µs per call, scaled, ${name}, ${era}`, scaled(of(name, era).map(perCall)), { atMost: 5 })
      )
    ),
    ...eras.map((era) =>
      verdict(`µs for being able to ask, scaled, ${era}`, scaled(more(of, "mcpipe", crippled, era)), { atMost: 0.5 })
    )
  ])
}
