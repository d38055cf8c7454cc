import * as Effect from "effect/Effect"
import type { ComponentServices } from "../builder/component.ts"
import type { Tool } from "../builder/tool.ts"
import { isToolUse, textOf } from "./sampling-content.ts"
import { type SamplingError, TooManyTurns } from "./sampling-errors.ts"
import type { Port } from "./sampling-port.ts"
import { toRequest } from "./sampling-request.ts"
import type { SamplingMessage, SamplingRun, SamplingRunRequest } from "../builder/sampling-types.ts"
import { useTool, usableTools } from "./tool-loop-use.ts"

/** Lets a model use tools until it answers without. */
export const runTools = <const Tools extends ReadonlyArray<Tool.Any>>(
  port: Port,
  options: SamplingRunRequest<Tools>
): Effect.Effect<SamplingRun, SamplingError | TooManyTurns, ComponentServices<Tools[number]>> => {
  const { tools, maxTurns = 10, concurrency = "unbounded", toolChoice, key } = options
  if (!Array.isArray(tools) || tools.length === 0) {
    throw new TypeError("Sampling.run: tools must be an array with at least one tool; without any, use Sampling.text.")
  }
  if (!Number.isInteger(maxTurns) || maxTurns < 1 || maxTurns > 100) {
    throw new RangeError(`Sampling.run: maxTurns is ${maxTurns}; it must be an integer from 1 to 100.`)
  }
  if (concurrency !== "unbounded" && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new RangeError(`Sampling.run: concurrency is ${concurrency}; it must be a positive integer or "unbounded".`)
  }
  const { toolChoice: first, ...request } = toRequest(options.prompt ?? options.messages, options, "Sampling.run")
  const usable = usableTools(tools)
  const turn = (messages: ReadonlyArray<SamplingMessage>, turns: number): Effect.Effect<SamplingRun, any, any> => {
    const last = turns === maxTurns
    const choice = last ? ({ mode: "none" } as const) : turns === 1 && toolChoice !== "auto" ? first : undefined
    const asked = { ...request, messages, ...(choice === undefined ? undefined : { toolChoice: choice }) }
    return Effect.flatMap(port.answer(asked, key, turns), (message) => {
      const said = [...messages, { role: "assistant" as const, content: message.content }]
      const uses = message.content.filter(isToolUse)
      if (uses.length === 0) {
        return Effect.succeed({ text: textOf(message.content) ?? "", message, messages: said, turns })
      }
      if (last) return Effect.fail(new TooManyTurns(turns))
      const cut = message.stopReason === "maxTokens"
      const results = Effect.forEach(uses, (use) => useTool(use, usable, port, cut), { concurrency })
      return Effect.flatMap(results, (content) => turn([...said, { role: "user", content }], turns + 1))
    })
  }
  return turn(request.messages, 1)
}
