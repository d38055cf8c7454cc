import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Suggestions } from "../builder/complete.ts"
import { type Hooks, type Middleware, middleware } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import { callOf, CurrentCall } from "../services/current-call.ts"
import { retold } from "../services/retold-call.ts"
import { redactedCause } from "./redact-errors.ts"
import { redactedQuestion } from "./redact-questions.ts"
import { redactedContents, redactedPrompt, toolRedactor } from "./redact-results.ts"
import type { RedactionRules } from "./redaction-rules.ts"
import { redactionRules, type RedactorOptions, redactorOptions } from "./redactor.ts"
import { type CallSelection, Picker, selectionOptions } from "./selection.ts"

/** The methods whose results are redacted. */
export type RedactedMethod = "tools/call" | "resources/read" | "prompts/get" | "completion/complete"

export interface RedactOptions extends RedactorOptions, CallSelection<RedactedMethod> {}

/**
 * Hides secrets in what tools, resources, prompts and completions send: text, structured content and the JSON text of it,
 * embedded text, `_meta`, results that are errors and the messages of public errors; and, while they run, in progress and
 * log messages, forwarded log lines, and the words of questions to the user and to the client's model. `fields` apply to
 * structured content, to `_meta`, and to text all of which is JSON, which is written anew where something in it is hidden.
 *
 * A structured result that no longer fits its output schema loses the optional members that broke it; where that does not
 * help, clients get a masked error, and the log names the fields. A question whose choices hold a secret fails, and a default
 * that does is left out of its form.
 *
 * Not looked into: bytes (images, sound, blobs), URIs, names and descriptions in lists, and, in development mode, what masked
 * errors show. It is part of the logical call: middleware used before it sees redacted results, `request` hooks as well.
 * @example server(info).use(redact({ fields: ["user.ssn", { path: "age", with: 0 }], patterns: ["email", "card"] }))
 */
export const redact = (options: RedactOptions): Middleware => {
  const read = new OptionReader("redact", options, [...redactorOptions, ...selectionOptions])
  const methods = read.methods("methods", allMethods) ?? new Set(allMethods)
  const picker = new Picker(read)
  const rules = redactionRules(read)
  const redactTool = toolRedactor(rules)
  const around = aroundWith(rules)
  const hooks: { -readonly [K in keyof Hooks]: Hooks[K] } = {}
  if (methods.has("tools/call")) {
    hooks.callTool = (next, call) =>
      picker.takes(call) ? around(next(call), (result) => redactTool(result, call.tool)) : next(call)
  }
  if (methods.has("resources/read")) {
    hooks.readResource = (next, read) =>
      picker.takes(read) ? around(next(read), (result) => redactedContents(result, rules)) : next(read)
  }
  if (methods.has("prompts/get")) {
    hooks.getPrompt = (next, get) =>
      picker.takes(get) ? around(next(get), (result) => redactedPrompt(result, rules)) : next(get)
  }
  if (methods.has("completion/complete")) {
    hooks.complete = (next, completion) =>
      picker.takes(completion)
        ? around(next(completion), (suggestions) => redactedSuggestions(suggestions, rules))
        : next(completion)
  }
  return middleware(hooks) as Middleware
}

const allMethods: ReadonlyArray<RedactedMethod> = ["tools/call", "resources/read", "prompts/get", "completion/complete"]

/** Redacts all that leaves an effect: its result, its failure, and what it tells the client meanwhile. */
const aroundWith = (rules: RedactionRules) => {
  const wording = {
    text: (text: string) => rules.text(text),
    data: (data: unknown) => (typeof data === "string" ? rules.document(data) : rules.value(data)),
    question: redactedQuestion(rules)
  }
  return <A>(next: Effect.Effect<A, unknown>, clean: (result: A) => A): Effect.Effect<A, unknown> =>
    Effect.withFiber(({ context }) => {
      const call = callOf(context)
      const told = call === undefined ? next : Effect.provideService(next, CurrentCall, retold(call, wording))
      return Effect.catchCause(Effect.map(told, clean), (cause) =>
        Effect.failCause(redactedCause(cause, call?.errors ?? [], rules) as Cause.Cause<unknown>)
      )
    })
}

const redactedSuggestions = (given: Suggestions, rules: RedactionRules): Suggestions => {
  const values = given.values.map((value) => rules.text(value))
  return values.every((value, index) => value === given.values[index]) ? given : { ...given, values }
}
