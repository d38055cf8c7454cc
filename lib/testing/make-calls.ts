import * as Effect from "effect/Effect"
import { isComponent } from "../builder/component.ts"
import type { Tool } from "../builder/tool.ts"
import { parseUriTemplate } from "../builder/uri-template.ts"
import type { Era } from "../protocol/reasons.ts"
import type { Running } from "../runtime/app.ts"
import { mountedUri } from "../runtime/names.ts"
import { ClientUnsupported } from "../services/ask-errors.ts"
import { UrlElicitationRequired } from "../services/elicitation-url.ts"
import { type Outcome, outcomeOf } from "./called.ts"
import type { CallOptions, Calls, GotPrompt } from "./calls.ts"
import { RequestError } from "./errors.ts"
import type { Exchanges } from "./exchange.ts"
import { findEntry, mountedAt, servedAs, type Place } from "./find.ts"

type Named = Readonly<Record<string, any>>

/** What calls are made with. */
export interface Caller {
  readonly running: Running
  readonly exchanges: Exchanges
  readonly era: Era
  /** Takes a promise that may be awaited only after it has rejected. */
  readonly later: <A>(promise: Promise<A>) => Promise<A>
}

/** The calls on one place of the tree of mounts. */
export const makeCalls = (caller: Caller, place: Place): Calls => {
  const { running, exchanges, era, later } = caller
  const [here] = place

  const toolOf = (given: unknown): { readonly name: string; readonly tool: Tool.Any | undefined } => {
    const { tools } = running.catalogue()
    if (typeof given === "string") {
      const name = servedAs(running.catalogue(), here, given)
      return { name, tool: tools.get(name)?.component }
    }
    const { name, component } = findEntry(running.catalogue(), place, "tool", given)
    return { name, tool: component }
  }

  const outcome = async (given: unknown, args: Named = {}, options: CallOptions = {}): Promise<Outcome> => {
    const { name, tool } = toolOf(given)
    try {
      return outcomeOf(await exchanges.run("tools/call", { name, arguments: args }, options), tool, era)
    } catch (error) {
      const failure = failureOf(error)
      if (failure === undefined) throw error
      return { ok: false, error: failure }
    }
  }

  const call = async (given: unknown, args?: Named, options?: CallOptions): Promise<any> => {
    const came = await outcome(given, args, options)
    if (came.ok) return came.value
    throw came.error
  }

  const callEffect = (given: unknown, args?: Named, options?: CallOptions): Effect.Effect<any, any> =>
    Effect.flatMap(
      Effect.promise((stopped) => outcome(given, args, { ...options, signal: either(stopped, options?.signal) })),
      (came) => (came.ok ? Effect.succeed(came.value) : Effect.fail(came.error))
    )

  const uriOf = (given: unknown, variables: Named | undefined): string => {
    if (typeof given !== "string") {
      return findEntry(running.catalogue(), place, "resource", given).template.expand(variables ?? {})
    }
    const uri = mountedUri(given, here)
    return variables === undefined ? uri : parseUriTemplate(uri, "client.read").expand(variables)
  }

  const read = async (given: unknown, variables?: Named, options?: CallOptions) => {
    const { result } = await exchanges.run("resources/read", { uri: uriOf(given, variables) }, options)
    return result["contents"]
  }

  const promptName = (given: unknown): string =>
    typeof given === "string"
      ? servedAs(running.catalogue(), here, given)
      : findEntry(running.catalogue(), place, "prompt", given).name

  const get = async (given: unknown, args: Named = {}, options?: CallOptions): Promise<GotPrompt> => {
    const { result } = await exchanges.run("prompts/get", { name: promptName(given), arguments: args }, options)
    return { description: result["description"], messages: result["messages"] }
  }

  const refOf = (given: unknown): Named => {
    if (typeof given === "string") {
      return given.includes("://")
        ? { type: "ref/resource", uri: mountedUri(given, here) }
        : { type: "ref/prompt", name: servedAs(running.catalogue(), here, given) }
    }
    return isComponent(given) && given["~mcpipe/Component"].type === "resource"
      ? { type: "ref/resource", uri: findEntry(running.catalogue(), place, "resource", given).name }
      : { type: "ref/prompt", name: promptName(given) }
  }

  const complete = async (given: unknown, name: string, value: string, others?: Named) => {
    const context = others === undefined ? undefined : { context: { arguments: others } }
    const params = { ref: refOf(given), argument: { name, value }, ...context }
    const { result } = await exchanges.run("completion/complete", params)
    return result["completion"]
  }

  // conditional types cannot be followed in here; type specs hold what they promise
  const made: { readonly [K in keyof Calls]: (...given: ReadonlyArray<any>) => any } = {
    call: (tool, args, options) => later(call(tool, args, options)),
    attempt: (tool, args, options) => later(outcome(tool, args, options)),
    callEffect,
    read: (resource, variables, options) => later(read(resource, variables, options)),
    get: (prompt, args, options) => later(get(prompt, args, options)),
    complete: (component, argument, prefix, others) => later(complete(component, argument, prefix, others)),
    at: (namespace) => makeCalls(caller, mountedAt(place, namespace))
  }
  return made as Calls
}

/** Failures of handlers that the protocol has errors of its own for, as they were before they became those. */
const failureOf = (error: unknown): Error | undefined => {
  if (!(error instanceof RequestError)) return undefined
  const { code, message, data } = error as { readonly code: number; readonly message: string; readonly data: any }
  if (code === -32021) return Object.assign(new ClientUnsupported("", data.requiredCapabilities), { message })
  return code === -32042 ? new UrlElicitationRequired(data.elicitations) : undefined
}

const either = (one: AbortSignal, other: AbortSignal | undefined): AbortSignal =>
  other === undefined ? one : AbortSignal.any([one, other])
