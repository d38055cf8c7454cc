import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DefinitionError, isPublicError } from "../builder/errors.ts"
import { type Handled, invokerOf, type ServicesOf } from "../builder/handler.ts"
import { ModelFailed } from "./sampling-errors.ts"
import { replyOf } from "./sampling-messages.ts"
import type { SamplingAnswer, SamplingReply, SamplingRequest } from "../builder/sampling-types.ts"

export interface SamplingModelOptions {
  /**
   * `"fallback"` takes the server's model where the client has none that can do what is asked, `"always"` never asks the
   * client. Default `"fallback"`.
   */
  readonly when?: "fallback" | "always" | undefined
}

export interface SamplingModelShape {
  readonly when: "fallback" | "always"
  readonly answer: (request: SamplingRequest) => Effect.Effect<SamplingAnswer, ModelFailed>
}

/** A model of the server's own, given to a server by `.provide(Sampling.model(…))`; nothing requires it. */
export class SamplingModel extends Context.Service<SamplingModel, SamplingModelShape>()("mcpipe/SamplingModel") {
  declare readonly "~mcpipe/supplied": "app"
}

/** See `Sampling.model`. */
export const modelLayer = <Ret extends Handled<SamplingReply>>(
  answer: (request: SamplingRequest) => Ret,
  { when = "fallback" }: SamplingModelOptions = {}
): Layer.Layer<SamplingModel, never, ServicesOf<Ret>> => {
  if (typeof answer !== "function") {
    throw new DefinitionError("Sampling.model: give a function that takes a request and gives the answer.")
  }
  if (when !== "fallback" && when !== "always") {
    throw new DefinitionError(`Sampling.model: when is ${JSON.stringify(when)}; it must be "fallback" or "always".`)
  }
  const invoke = invokerOf(answer)
  const make = Effect.map(Effect.context<ServicesOf<Ret>>(), (services): SamplingModelShape => {
    const provided = (request: SamplingRequest): Effect.Effect<SamplingReply, unknown> =>
      Effect.provideContext(invoke(request), services as Context.Context<any>) as Effect.Effect<SamplingReply, unknown>
    return {
      when,
      answer: (request) =>
        Effect.catchCause(
          Effect.map(provided(request), (reply) => replyOf(reply, "Sampling.model")),
          (cause) => Effect.andThen(Effect.logError("The model given to Sampling.model failed", cause), failure(cause))
        )
    }
  })
  return Layer.effect(SamplingModel, make) as Layer.Layer<SamplingModel, never, ServicesOf<Ret>>
}

/** What a provider says of a failure may hold an account or a key, so that only public errors speak for themselves. */
const failure = (cause: Cause.Cause<unknown>): Effect.Effect<never, ModelFailed> => {
  const error = Cause.squash(cause)
  return Effect.fail(isPublicError(error) ? new ModelFailed(error.message) : new ModelFailed())
}
