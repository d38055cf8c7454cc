import * as Effect from "effect/Effect"
import type { AskRefused, AskTimedOut } from "./ask-errors.ts"
import type { Asks } from "./asks.ts"
import type { ElicitAnswer, ElicitRequest } from "./elicitation-answers.ts"
import { quoted } from "./elicitation-wire.ts"

/** Answers in the order questions come, or what answers each question. */
export type ElicitScript =
  | ReadonlyArray<ElicitAnswer>
  | ((
      request: ElicitRequest
    ) => ElicitAnswer | PromiseLike<ElicitAnswer> | Effect.Effect<ElicitAnswer, AskRefused | AskTimedOut>)

export interface ElicitScriptOptions {
  /** The protocol revision that questions are worded in. Default `"2026-07-28"`. */
  readonly revision?: string | undefined
  /** The client's `elicitation` capability; null where it has none. Default `{ form: {}, url: {} }`. */
  readonly capability?: Readonly<Record<string, unknown>> | null | undefined
}

/** A client that answers by a script, in one round. */
export const scripted = (
  script: ElicitScript,
  { revision = "2026-07-28", capability = { form: {}, url: {} } }: ElicitScriptOptions
): Asks => {
  let asked = 0
  const counts = new Map<string, number>()
  const answerTo = (request: ElicitRequest): ReturnType<Extract<ElicitScript, Function>> => {
    if (typeof script === "function") return script(request)
    const answer = script[asked++]
    if (answer !== undefined) return answer
    throw new Error(
      `Elicitation.layerTest: no answer is left for question ${asked}, ${quoted(request.message)}. Script one more.`
    )
  }
  return {
    capabilities: capability === null ? {} : { elicitation: capability },
    revision,
    replays: false,
    ask: (request, { wellFormed }) =>
      Effect.suspend(() => {
        const question = { mode: "form", ...request.params } as ElicitRequest
        const given = answerTo(question)
        const answer = Effect.isEffect(given) ? given : Effect.promise(async () => given)
        return Effect.map(answer, (one) => {
          if (wellFormed(one)) return one
          throw new TypeError(
            `Elicitation.layerTest: the answer to ${quoted(question.message)} is none. Use accept({ … }), decline() or cancel().`
          )
        })
      }),
    step: (_name, effect) => effect,
    seed: "Elicitation.layerTest",
    occurrence: (name) => {
      const count = counts.get(name) ?? 0
      counts.set(name, count + 1)
      return count
    },
    notify: () => {},
    retreading: () => false,
    suspended: () => false
  }
}
