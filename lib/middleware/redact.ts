import { checkOptions } from "../builder/check-options.ts"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { Suggestions } from "../builder/complete.ts"
import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { type Hooks, type Middleware, middleware } from "../builder/middleware.ts"
import { callOf, CurrentCall } from "../services/current-call.ts"
import { retold } from "../services/retold-call.ts"
import { type CleaningScope, scopeOf } from "./cleaning-options.ts"
import { redactedCause } from "./redact-errors.ts"
import { redactedQuestion } from "./redact-questions.ts"
import { redactedContents, redactedPrompt, toolRedactor } from "./redact-results.ts"
import type { RedactionRules } from "./redaction-rules.ts"
import { redactionRules, type RedactorOptions, redactorOptions } from "./redactor.ts"

/** The methods whose results are redacted. */
export type RedactedMethod = "tools/call" | "resources/read" | "prompts/get" | "completion/complete"

export interface RedactOptions extends RedactorOptions, CleaningScope {
  /** Default: all four. */
  readonly methods?: ReadonlyArray<RedactedMethod> | undefined
}

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
  const where = "redact"
  checkOptions(options, where, [...redactorOptions, "only", "except", "methods"])
  const { only, except, methods = allMethods, ...own } = options
  const inScope = scopeOf({ only, except }, where)
  checkMethods(methods, where)
  const rules = redactionRules(own, where)
  const redactTool = toolRedactor(rules)
  const around = aroundWith(rules)
  const hooks: { -readonly [K in keyof Hooks]: Hooks[K] } = {}
  if (methods.includes("tools/call")) {
    hooks.callTool = (next, call) =>
      inScope(call.name) ? around(next(call), (result) => redactTool(result, call.tool)) : next(call)
  }
  if (methods.includes("resources/read")) {
    hooks.readResource = (next, read) =>
      inScope(read.uri, read.resource.uri)
        ? around(next(read), (result) => redactedContents(result, rules))
        : next(read)
  }
  if (methods.includes("prompts/get")) {
    hooks.getPrompt = (next, get) =>
      inScope(get.name) ? around(next(get), (result) => redactedPrompt(result, rules)) : next(get)
  }
  if (methods.includes("completion/complete")) {
    hooks.complete = (next, completion) => {
      const { component } = completion
      return inScope("uri" in component ? String(component.uri) : component.name)
        ? around(next(completion), (suggestions) => redactedSuggestions(suggestions, rules))
        : next(completion)
    }
  }
  return middleware(hooks) as Middleware
}

const allMethods: ReadonlyArray<RedactedMethod> = ["tools/call", "resources/read", "prompts/get", "completion/complete"]

const checkMethods = (methods: unknown, where: string): void => {
  const known: ReadonlyArray<unknown> = allMethods
  if (Array.isArray(methods) && methods.length > 0 && methods.every((method) => known.includes(method))) return
  throw new DefinitionError(
    `${where}: methods is ${shortJson(methods)}; use an array of some of ${allMethods.join(", ")}.`
  )
}

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
