/** A language model of `effect/ai` as the server's own, for clients that have none. */
// #region model
import { Layer, Sampling, server, tool } from "mcpipe"
import { samplingModel } from "mcpipe/effect-ai"
import * as v from "valibot"
import { ModelLive } from "./model.ts"

const summarise = tool(
  { name: "summarise", description: "Say in a sentence what a text is about.", input: { text: v.string() } },
  ({ text }) => Sampling.text(text, { system: "Answer in one sentence.", maxTokens: 200 })
)

export default server({ name: "summaries", version: "1.0.0" })
  .tool(summarise)
  .provide(Layer.provide(samplingModel(), ModelLive))
// #endregion model
