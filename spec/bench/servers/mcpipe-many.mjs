import { server, tool } from "mcpipe"
import * as v from "valibot"
import { serverInfo, toolCount, toolDescription, toolName } from "../workload.mjs"

const update = (_, index) =>
  tool(
    {
      name: toolName(index),
      description: toolDescription(index),
      input: {
        id: v.string(),
        title: v.pipe(v.string(), v.maxLength(200)),
        count: v.pipe(v.number(), v.integer(), v.minValue(0)),
        ratio: v.number(),
        done: v.boolean()
      },
      output: v.object({ id: v.string(), saved: v.boolean() })
    },
    ({ id }) => ({ id, saved: true })
  )

export const many = server(serverInfo).add(...Array.from({ length: toolCount }, update))
