/** Stands in for a model: it says the first sentence of what it is told, and needs neither a key nor a network. */
import { Effect, Layer } from "mcpipe"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Stream from "effect/Stream"

/** As an API of a model's maker would be called. */
export const complete = async (prompt: string): Promise<string> =>
  /^.+?(?:[.!?](?=\s|$)|$)/.exec(prompt.trim())?.[0] ?? ""

/** The same as a language model of `effect/ai`, which the packages of models' makers give you. */
export const ModelLive = Layer.effect(
  LanguageModel.LanguageModel,
  LanguageModel.make({
    generateText: ({ prompt }) => {
      const said = prompt.content.flatMap(({ role, content }) =>
        role === "user" ? content.map((part) => (part.type === "text" ? part.text : "")) : []
      )
      return Effect.map(
        Effect.promise(() => complete(said.join("\n"))),
        (text) => [{ type: "text", text }]
      )
    },
    streamText: () => Stream.empty
  })
)
