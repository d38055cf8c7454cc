import { middleware, server, tool } from "mcpipe"
import { rateLimit } from "mcpipe/middleware"
import * as v from "valibot"
import { serverInfo } from "../workload.mjs"
import { adder } from "./mcpipe.mjs"

const hooks = () =>
  middleware({ request: (next) => next, callTool: (next, call) => next(call), listTools: (next, call) => next(call) })

const inner = () => middleware({ callTool: (next, call) => next(call) })

const tens = (make) => Array.from({ length: 10 }, make).reduce((made, one) => made.use(one), adder)

/** A thousand tools, the adder's among them, on mounted servers of a hundred each. */
export const mountedMany = () => {
  const child = (from) =>
    server({ ...serverInfo, name: `child ${from}` }).add(
      ...Array.from({ length: 100 }, (_, index) =>
        tool({ name: `tool_${from + index}`, input: { id: v.string() } }, ({ id }) => id)
      )
    )
  const children = Array.from({ length: 10 }, (_, index) => child(index * 100))
  return children.reduce((made, one, index) => made.mount(`ns${index}`, one), server(serverInfo).mount(adder))
}

export const around = {
  mcpipe: () => adder,
  "one request hook": () => adder.use(middleware({ request: (next) => next })),
  "ten no-op callTool hooks": () => tens(inner),
  "ten no-op middleware": () => tens(hooks),
  "among 1,000 mounted": mountedMany,
  "rate limit": () => adder.use(rateLimit({ perSecond: 1_000_000_000 }))
}
