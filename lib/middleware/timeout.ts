import { checkOptions } from "../builder/check-options.ts"
import * as Effect from "effect/Effect"
import { DefinitionError, PublicError, ToolError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { type Completion, type Middleware, middleware } from "../builder/middleware.ts"
import { checkedTimeout, type Timeout, timedOut } from "../builder/timeout.ts"
import { timed } from "../runtime/timed.ts"
import { type CallMethod, callMethods, type Selection, selected, selectionOptions } from "./selection.ts"
import { subjectOf } from "./subject.ts"

export interface CallTimeoutOptions extends Selection<CallMethod | "completion/complete"> {
  /** Milliseconds a call may take, above 0. Default: no limit but those of `perName`. */
  readonly millis?: number | undefined
  /** Whether they are counted anew from each report of progress, also where the client wants to hear of none. Default false. */
  readonly resetOnProgress?: boolean | undefined
  /** Other times for some, by tool or prompt name or resource URI: milliseconds, or `{ millis, resetOnProgress }`. Default: none. */
  readonly perName?: Readonly<Record<string, Timeout>> | undefined
}

const known = ["millis", "resetOnProgress", "perName", ...selectionOptions]

/**
 * Interrupts calls that take too long: finalizers run, and the client reads what timed out and after how long, as a tool
 * error or as -32603. Time while the client is being asked does not count; each round of a call on 2026-07-28 has it anew.
 * A shorter `timeout` of a component's own stays.
 * @example server(info).use(timeout({ millis: 30_000, perName: { report: 120_000 } }))
 */
export const timeout = (options: CallTimeoutOptions): Middleware => {
  checkOptions(options, "timeout", known)
  const { millis, resetOnProgress, perName } = options
  const { methods, takes } = selected(options, "timeout", [...callMethods, "completion/complete"])
  const names = checkedNames(perName)
  if (millis === undefined && names.size === 0) {
    throw new DefinitionError("timeout: give millis, perName, or both.")
  }
  if (millis === undefined && resetOnProgress !== undefined) {
    throw new DefinitionError("timeout: resetOnProgress is for millis; say it in perName for each name.")
  }
  const usual =
    millis === undefined
      ? undefined
      : resetOnProgress === undefined
        ? checkedTimeout(millis, "timeout: millis")
        : checkedTimeout({ millis, resetOnProgress }, "timeout")

  const limit = <A>(
    run: Effect.Effect<A, unknown>,
    name: string,
    template: string | undefined,
    error: (words: string) => Error,
    fallback: string
  ): Effect.Effect<A, unknown> => {
    if (!takes(name, template)) return run
    const allowed = names.get(name) ?? (template === undefined ? undefined : names.get(template)) ?? usual
    if (allowed === undefined) return run
    return Effect.withFiber(
      ({ context }) =>
        timed(run, allowed, () => error(timedOut(capital(subjectOf(context, fallback)), allowed))) as typeof run
    )
  }
  const toolError = (words: string) => new ToolError(words)
  const publicError = (words: string) => new PublicError(`The ${words[0]!.toLowerCase()}${words.slice(1)}`)
  return middleware({
    ...(methods.has("tools/call") && {
      callTool: (next, call) => limit(next(call), call.name, undefined, toolError, `tool ${JSON.stringify(call.name)}`)
    }),
    ...(methods.has("resources/read") && {
      readResource: (next, read) =>
        limit(next(read), read.uri, read.resource.uri, publicError, `resource ${JSON.stringify(read.uri)}`)
    }),
    ...(methods.has("prompts/get") && {
      getPrompt: (next, get) => limit(next(get), get.name, undefined, publicError, `prompt ${JSON.stringify(get.name)}`)
    }),
    ...(methods.has("completion/complete") && {
      complete: (next, completion) => {
        const error = (words: string) =>
          new PublicError(`The completion of ${words[0]!.toLowerCase()}${words.slice(1)}`)
        const name = nameOfCompleted(completion)
        return limit(next(completion), name, undefined, error, JSON.stringify(name))
      }
    })
  })
}

const nameOfCompleted = ({ component }: Completion): string =>
  "uri" in component ? (component as { readonly uri: string }).uri : component.name

const checkedNames = (perName: unknown): ReadonlyMap<string, Timeout> => {
  if (perName === undefined) return new Map()
  if (typeof perName !== "object" || perName === null || Array.isArray(perName)) {
    throw new DefinitionError(`timeout: perName is ${shortJson(perName)}; it must be a record of times by name.`)
  }
  return new Map(
    Object.entries(perName).flatMap(([name, time]): ReadonlyArray<readonly [string, Timeout]> => {
      const checked = checkedTimeout(time, `timeout: perName[${JSON.stringify(name)}]`)
      return checked === undefined ? [] : [[name, checked]]
    })
  )
}

const capital = (words: string): string => words[0]!.toUpperCase() + words.slice(1)
