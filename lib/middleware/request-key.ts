import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { shortJson } from "../builder/issues.ts"
import type { RequestInfo } from "../builder/middleware.ts"
import type { OptionReader } from "../builder/options.ts"
import { digest } from "../services/digest.ts"
import { Principal } from "../services/principal.ts"
import { RequestContext } from "../services/request-context.ts"
import { calledIn } from "./called.ts"
import { networkOf } from "./network.ts"

/**
 * What requests are told apart by. `"principal"`: who calls, all anonymous callers being one. `"session"`: the session that
 * each connection has in handshake revisions; an anonymous client has a new one for the asking. `"client"`: the name that the
 * client gives itself, which nobody checks. `"ip"`: the remote address over HTTP, one network of 64 bits for IPv6. `"tool"`:
 * the tool, prompt, resource or resource template, whatever its version.
 */
export type KeyPart = "principal" | "session" | "client" | "ip" | "tool"

/**
 * Requests with the same key are counted together. Those that lack what a part names (`"ip"` over stdio, `"session"` on
 * 2026-07-28) have an empty part, so that all of them count together. A function gives the key itself, at once or by an Effect;
 * undefined lets the request pass uncounted.
 */
export type RequestKey<R = never> =
  | KeyPart
  | ReadonlyArray<KeyPart>
  | ((request: RequestInfo) => string | undefined | Effect.Effect<string | undefined, unknown, R>)

type Reader = (context: Context.Context<never>) => string

/** Reads the key of a request, with the services of its fiber. */
export type ReadKey = (
  request: RequestInfo,
  context: Context.Context<never>
) => string | undefined | Effect.Effect<string | undefined, unknown, any>

const found = <I, S>(context: Context.Context<never>, key: Context.Key<I, S>): S =>
  Context.getUnsafe(context as Context.Context<any>, key)

const parts: { readonly [K in KeyPart]: Reader } = {
  principal: (context) => {
    const { anonymous, id } = found(context, Principal)
    return anonymous ? "" : id
  },
  session: (context) => found(context, RequestContext).sessionId ?? "",
  client: (context) => found(context, RequestContext).client.info?.name ?? "",
  ip: (context) => {
    const address = found(context, RequestContext).http?.remoteAddress
    return address === undefined ? "" : networkOf(address)
  },
  tool: (context) => {
    const component = calledIn(context)
    return component === undefined ? found(context, RequestContext).method : `${component.type} ${component.name}`
  }
}

/** Keys kept as they are; longer ones are kept as a digest. */
const longestKey = 256

/** How keys are read; throws a `DefinitionError` for what is no key. */
export const keyReader = (read: OptionReader<{ readonly key?: unknown }>, fallback: ReadKey): ReadKey => {
  const key = read.value("key")
  if (key === undefined) return fallback
  if (typeof key === "function") {
    return (request) => {
      const made = (key as Exclude<RequestKey<any>, KeyPart | ReadonlyArray<KeyPart>>)(request)
      return Effect.isEffect(made) ? Effect.map(made, (found) => checked(read.where, found)) : checked(read.where, made)
    }
  }
  const named: ReadonlyArray<unknown> = Array.isArray(key) ? key : [key]
  if (named.length === 0 || !named.every((part) => typeof part === "string" && Object.hasOwn(parts, part))) {
    read.refuse("key", `use one or more of ${Object.keys(parts).join(", ")}, or a function`)
  }
  const readers = (named as ReadonlyArray<KeyPart>).map((part) => parts[part])
  const [first] = readers
  if (first !== undefined && readers.length === 1) return (_, context) => bounded(first(context))
  return (_, context) => {
    let whole = ""
    for (const reader of readers) {
      const value = reader(context)
      // with its length, so that no client can make its part look like those after it
      whole += `${value.length}:${value},`
    }
    return bounded(whole)
  }
}

/** A fixed key: all requests count together. */
export const together: ReadKey = () => "all"

/** The tool, prompt, resource or template. */
export const eachComponent: ReadKey = (_, context) => bounded(parts.tool(context))

/** The principal where there is one, else the session, else the remote address, else all together. */
export const whoCalls: ReadKey = (_, context) => {
  for (const part of ["principal", "session", "ip"] as const) {
    const value = parts[part](context)
    if (value !== "") return bounded(`${part}:${value}`)
  }
  return "all"
}

const checked = (thing: string, key: unknown): string | undefined => {
  if (key === undefined) return undefined
  if (typeof key === "string") return bounded(key)
  throw new TypeError(`${thing}: the function \`key\` gave ${shortJson(key)}; it must give a string or undefined.`)
}

const bounded = (key: string): string => (key.length <= longestKey ? key : digest(key))
