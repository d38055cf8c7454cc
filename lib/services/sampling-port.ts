import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { HandlerContexts } from "../builder/handler.ts"
import { ClientUnsupported } from "./ask-errors.ts"
import type { Asks } from "./asks.ts"
import { requireAsks } from "./asks-of.ts"
import { canonical, digest } from "./digest.ts"
import { isRecord } from "./sampling-content.ts"
import { ModelFailed, type SamplingError } from "./sampling-errors.ts"
import { answerOf, isAnswer, replyOf, toolRevision } from "./sampling-messages.ts"
import { SamplingModel } from "./sampling-model.ts"
import { needsTools, paramsOf } from "./sampling-request.ts"
import type { SamplingAnswer, SamplingReply, SamplingRequest } from "../builder/sampling-types.ts"

/** How sampling reaches a model, and how what it does is recorded; a test has another one than a server. */
export interface Port {
  /** `attempt` is as in `AskOptions`. */
  readonly answer: (
    request: SamplingRequest,
    key?: string,
    attempt?: number
  ) => Effect.Effect<SamplingAnswer, SamplingError>
  /** Runs the use of a tool once along the rounds of a call; uses of one name may run at the same time. */
  readonly step: <A, R>(name: string, effect: Effect.Effect<A, never, R>) => Effect.Effect<A, never, R>
}

/** The port of the call in progress; throws, and so dies, where it cannot ask. `what` is what the author called. */
export const livePort = (fiber: Fiber.Fiber<unknown, unknown>, what: string): Port => {
  const asks = requireAsks(fiber, what)
  const model = Context.getOrUndefined(fiber.context as Context.Context<any>, SamplingModel)
  const numbered = (name: string): string => {
    const earlier = asks.occurrence(name)
    return earlier === 0 ? name : `${name}:${earlier + 1}`
  }
  return {
    answer: (request, key, attempt = 1) => {
      const unsupported = model?.when === "always" ? undefined : lacking(asks, request, what)
      if (model !== undefined && (model.when === "always" || unsupported !== undefined)) {
        const turn = attempt === 1 ? "" : `:${attempt}`
        const name = `model:${key === undefined ? digest(canonical(request)).slice(0, 16) : `${key}${turn}`}`
        // a model does not say the same twice
        return Effect.suspend(() => asks.step(numbered(name), model.answer(request), { errors: [ModelFailed] }))
      }
      if (unsupported !== undefined) return Effect.fail(unsupported)
      const params = paramsOf(request, asks.revision)
      const asked = asks.ask({ method: "sampling/createMessage", params }, { key, attempt, wellFormed: isAnswer })
      return Effect.map(asked, answerOf)
    },
    step: (name, effect) => Effect.suspend(() => asks.step(numbered(name), effect, { asks: true }))
  }
}

/** Why the client cannot be asked, or undefined where it can. */
const lacking = ({ capabilities, revision }: Asks, request: SamplingRequest, what: string) => {
  const sampling = capabilities["sampling"]
  if (!isRecord(sampling)) return new ClientUnsupported(`${what} needs the client's model`, { sampling: {} })
  if (needsTools(request) && (sampling["tools"] === undefined || revision < toolRevision)) {
    return new ClientUnsupported(`${what} needs a model of the client's that uses tools`, { sampling: { tools: {} } })
  }
  const audible = request.messages.some(({ content }) => content.some(({ type }) => type === "audio"))
  if (audible && revision < "2025-03-26") {
    return new ClientUnsupported(`${what} with sound needs revision 2025-03-26 or a later one`, { sampling: {} })
  }
  return undefined
}

/** A port that gives what `reply` gives, for tests. */
export const scriptedPort = (
  reply: (request: SamplingRequest) => Effect.Effect<SamplingReply, SamplingError>
): Port => ({
  answer: (request) => Effect.map(reply(request), (given) => replyOf(given, "Sampling.layerTest")),
  step: (_, effect) =>
    Effect.updateContext(effect, (context) =>
      Context.getOrUndefined(context as Context.Context<any>, HandlerContexts) === undefined
        ? Context.add(context, HandlerContexts, bareContexts)
        : context
    ) as typeof effect
})

/** Without a server a tool finds its `uses`; what belongs to a call says that there is none. */
const bareContexts: HandlerContexts["Service"] = {
  make: (context, uses = {}) =>
    new Proxy(uses, {
      get: (_, name) => {
        const key = typeof name === "string" ? uses[name] : undefined
        if (key !== undefined) return Context.getUnsafe(context as Context.Context<any>, key)
        throw new Error(`Sampling.layerTest: a tool's ${String(name)} needs a server; test this tool through one.`)
      }
    }),
  ofHook: (context) => bareContexts.make(context, undefined),
  interrupted: () => Effect.void
}
