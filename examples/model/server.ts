/** A model of the server's own, for clients that have none, in plain async functions. `effect.ts` takes one of `effect/ai`. */
import { Sampling, server, tool } from "mcpipe"
import * as v from "valibot"
import { complete } from "./model.ts"

const summarise = tool(
  { name: "summarise", description: "Say in a sentence what a text is about.", input: { text: v.string() } },
  async ({ text }, { sample }) => sample(text, { system: "Answer in one sentence.", maxTokens: 200 })
)

// #region model
const model = Sampling.model(async ({ messages }) => {
  const texts = messages.flatMap(({ content }) => content.map((part) => (part.type === "text" ? part.text : "")))
  return complete(texts.join("\n"))
})

export default server({ name: "summaries", version: "1.0.0" }).tool(summarise).provide(model)
// #endregion model
