import * as Effect from "effect/Effect"
import { PublicError, ToolError } from "../builder/errors.ts"
import { type Completion, type Middleware, middleware } from "../builder/middleware.ts"
import { isRecord, OptionReader } from "../builder/options.ts"
import { checkedTimeout, type Timeout, timedOut } from "../builder/timeout.ts"
import { timed } from "../runtime/timed.ts"
import {
  type CallMethod,
  callMethods,
  type CallSelection,
  componentName,
  type HandlerCall,
  Picker,
  selectionOptions
} from "./selection.ts"
import { subjectOf } from "./subject.ts"

export interface CallTimeoutOptions extends CallSelection<CallMethod | "completion/complete"> {
  /** Milliseconds a call may take, above 0. Default: no limit but those of `perName`. */
  readonly millis?: number | undefined
  /** Whether they are counted anew from each report of progress, also where the client wants to hear of none. Default false. */
  readonly resetOnProgress?: boolean | undefined
  /** Other times for some, by tool or prompt name or resource URI: milliseconds, or `{ millis, resetOnProgress }`. Default: none. */
  readonly perName?: Readonly<Record<string, Timeout>> | undefined
}

const known = ["millis", "resetOnProgress", "perName", ...selectionOptions] as const

const allMethods = [...callMethods, "completion/complete"] as const

/**
 * Interrupts calls that take too long: finalizers run, and the client reads what timed out and after how long, as a tool
 * error or as -32603. Time while the client is being asked does not count; each round of a call on 2026-07-28 has it anew.
 * A shorter `timeout` of a component's own stays.
 * @example server(info).use(timeout({ millis: 30_000, perName: { report: 120_000 } }))
 */
export const timeout = (options: CallTimeoutOptions): Middleware => {
  const read = new OptionReader("timeout", options, known)
  const methods = read.methods("methods", allMethods) ?? new Set(allMethods)
  const picker = new Picker(read)
  const names = timesByName(read)
  const millis = read.value("millis")
  const resetOnProgress = read.value("resetOnProgress")
  if (millis === undefined && names.size === 0) read.fail("give millis, perName, or both.")
  if (millis === undefined && resetOnProgress !== undefined) {
    read.fail("resetOnProgress is for millis; say it in perName for each name.")
  }
  const usual =
    millis === undefined
      ? undefined
      : resetOnProgress === undefined
        ? checkedTimeout(millis, "timeout: millis")
        : checkedTimeout({ millis, resetOnProgress }, "timeout")

  const limit = <A>(
    run: Effect.Effect<A, unknown>,
    call: HandlerCall | Completion,
    error: (words: string) => Error,
    fallback: string
  ): Effect.Effect<A, unknown> => {
    if (!picker.takes(call)) return run
    const allowed = ("uri" in call ? names.get(call.uri) : undefined) ?? names.get(componentName(call)) ?? usual
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
      callTool: (next, call) => limit(next(call), call, toolError, `tool ${JSON.stringify(call.name)}`)
    }),
    ...(methods.has("resources/read") && {
      readResource: (next, read) => limit(next(read), read, publicError, `resource ${JSON.stringify(read.uri)}`)
    }),
    ...(methods.has("prompts/get") && {
      getPrompt: (next, get) => limit(next(get), get, publicError, `prompt ${JSON.stringify(get.name)}`)
    }),
    ...(methods.has("completion/complete") && {
      complete: (next, completion) => {
        const error = (words: string) =>
          new PublicError(`The completion of ${words[0]!.toLowerCase()}${words.slice(1)}`)
        return limit(next(completion), completion, error, JSON.stringify(componentName(completion)))
      }
    })
  })
}

const timesByName = (read: OptionReader<CallTimeoutOptions>): ReadonlyMap<string, Timeout> => {
  read.expect("perName", isRecord, "use a record of times by name")
  return new Map(
    Object.entries(read.value("perName") ?? {}).flatMap(([name, time]): ReadonlyArray<readonly [string, Timeout]> => {
      const checked = checkedTimeout(time, `timeout: perName[${JSON.stringify(name)}]`)
      return checked === undefined ? [] : [[name, checked]]
    })
  )
}

const capital = (words: string): string => words[0]!.toUpperCase() + words.slice(1)
