import * as Effect from "effect/Effect"
import { AskRefused } from "../services/ask-errors.ts"
import type { LogLevel } from "../services/client-log.ts"
import { anonymous, type PrincipalShape } from "../services/principal.ts"
import type { Running } from "./app.ts"
import type { Answer } from "./around-request.ts"
import { dispatch } from "./dispatch.ts"
import type { Entry } from "./entry.ts"
import type { Operation } from "./operation.ts"
import type { AskChannel, Facts } from "./request.ts"

/** A call that no wire request carries: of a worker, a test, or another part of the process. */
export interface CallOptions {
  /** Stable id: mount path, type, name and version, such as `crm/tool:lookup@`. */
  readonly component: string
  /** Arguments of a tool or prompt, validated as if they came from a client; the URI of a resource. */
  readonly input?: unknown
  /** Default: anonymous. */
  readonly principal?: PrincipalShape | undefined
  /** Default `{}`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** How the call asks its client. Default: it cannot, and is told so. */
  readonly asks?: { readonly channel: AskChannel; readonly capabilities: Readonly<Record<string, unknown>> } | undefined
  /** Where progress and log messages go. Default: nowhere. */
  readonly sinks?:
    | {
        readonly progress?: Facts["progress"]
        readonly log?: Facts["log"]
        /** Default `"debug"`. */
        readonly logLevel?: LogLevel | undefined
      }
    | undefined
}

/**
 * Runs one call of a component by its id, with all middleware; interrupting the effect interrupts the call and waits for
 * its finalizers. Fails with a `RangeError` naming an id that the catalogue does not have, or a template called without a URI.
 */
export const runCall = (running: Running, options: CallOptions): Effect.Effect<Answer, RangeError> =>
  Effect.callback((resume) => {
    const entry = running.catalogue().byId.get(options.component)
    if (entry === undefined) {
      resume(Effect.fail(new RangeError(`There is no component ${JSON.stringify(options.component)} in this app.`)))
      return
    }
    if (entry.type === "resource" && entry.template.isTemplate && typeof options.input !== "string") {
      const message = `${options.component} is a template: input must be the URI to read.`
      resume(Effect.fail(new RangeError(message)))
      return
    }
    let ended = () => {}
    const inFlight = dispatch(
      running,
      operationOf(entry, options.input),
      () => factsOf(entry, options),
      (answer) => {
        ended()
        resume(Effect.succeed(answer))
      }
    )
    if (inFlight === undefined) return
    return Effect.callback<void>((closed) => {
      ended = () => closed(Effect.void)
      inFlight.interrupt()
    })
  })

const operationOf = (entry: Entry, input: unknown): Operation => {
  switch (entry.type) {
    case "tool":
      return { type: "tool", entry, args: (input ?? {}) as Readonly<Record<string, unknown>> }
    case "prompt":
      return { type: "prompt", entry, args: (input ?? {}) as Readonly<Record<string, string>> }
    case "resource":
      return { type: "resource", entry, uri: typeof input === "string" ? input : entry.name }
  }
}

const methods = { tool: "tools/call", prompt: "prompts/get", resource: "resources/read" } as const

const nobody: AskChannel = {
  type: "direct",
  send: ({ method }) => Effect.fail(new AskRefused(method, "no client takes part in this call")),
  notify: () => {}
}

const factsOf = (entry: Entry, { principal, meta, sinks, asks }: CallOptions): Facts => ({
  requestId: "in-process",
  method: methods[entry.type],
  params: {},
  meta: meta ?? {},
  client: { info: undefined, capabilities: asks?.capabilities ?? {} },
  era: "sessionless",
  revision: "2026-07-28",
  sessionId: undefined,
  http: undefined,
  principal: principal ?? anonymous,
  progress: sinks?.progress,
  log: sinks?.log,
  logLevel: () => sinks?.logLevel ?? "debug",
  channel: asks?.channel ?? nobody
})
