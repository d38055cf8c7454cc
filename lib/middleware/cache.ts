import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { PromptResult } from "../builder/messages.ts"
import { type Middleware, middleware, type ReadResult, type ToolCall } from "../builder/middleware.ts"
import { OptionReader, upToAYear } from "../builder/options.ts"
import { result, type ToolResult } from "../builder/tool-result.ts"
import { liveCallOf } from "../runtime/live-call.ts"
import { Changes } from "../services/changes.ts"
import { canonical, digest } from "../services/digest.ts"
import { Principal } from "../services/principal.ts"
import { RequestContext, type RequestContextShape } from "../services/request-context.ts"
import { calledIn } from "./called.ts"
import { followChanges, type Source } from "./cache-changes.ts"
import { jsonBytes } from "./json-bytes.ts"
import { Lru } from "./lru.ts"
import { perApp } from "./per-app.ts"
import {
  type CallMethod,
  callMethods,
  type CallSelection,
  type HandlerCall,
  Picker,
  selectionOptions
} from "./selection.ts"

export interface CacheOptions extends CallSelection {
  /** Milliseconds that a result is given again, 1 to 31,536,000,000 (a year). Default 60,000. */
  readonly ttl?: number | undefined
  /** The most results kept in all, 1 to 1,000,000; the longest unused goes first. Default 1,000. */
  readonly maxEntries?: number | undefined
  /** The most bytes of JSON kept in all, from 1,024 on; a result that takes more is not kept. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /**
   * Whom a result is for: callers with the same principal and scopes, or anybody. Anonymous callers are one principal.
   * Default `"principal"`.
   */
  readonly scope?: "principal" | "public" | undefined
  /**
   * What else a result depends on, such as a tenant in the claims or a client's language; undefined leaves this call out of
   * the cache. Default: nothing.
   */
  readonly key?: ((call: HandlerCall, request: RequestContextShape) => string | undefined) | undefined
}

/** Counts since the cache was made, of all apps it serves. */
export interface CacheStats {
  /** Calls answered from the cache. */
  readonly hits: number
  /** Calls that ran, though their result might have been kept. */
  readonly misses: number
  /** Results kept now, those past their time included until they are asked for or pushed out. */
  readonly size: number
  /** Bytes of JSON they take. */
  readonly bytes: number
}

/** The middleware, with what it counts. */
export interface Cache extends Middleware {
  readonly stats: () => CacheStats
  /** Forgets all results. */
  readonly clear: () => void
}

const known = ["ttl", "maxEntries", "maxBytes", "scope", "key", ...selectionOptions] as const

/**
 * Gives results again that were made before for the same principal, name and arguments: of tools that say `readOnlyHint`, or
 * that `only` names or picks by a tag or function and no wildcard, of resources and of prompts. Never kept: failures, results with `isError`, and what comes of calls that
 * asked, sampled, ran a `Durable.step` or looked at their session's state. `Changes` of a resource drop what was read of
 * it, and those of the catalogue what is of the kinds that changed; what a component gave is not given for another that a
 * source brings in its place. Equal calls at the same time each run.
 * @example const cached = cache({ ttl: 30_000 }); server(info).use(cached); cached.stats().hits
 */
export const cache = (options: CacheOptions = {}): Cache => {
  const read = new OptionReader("cache", options, known)
  const methods = read.methods("methods", callMethods) ?? new Set(callMethods)
  const picker = new Picker(read)
  const { ttl, maxEntries, maxBytes, scope, key } = settingsOf(read)
  const kept = new Lru<Entry>(maxEntries, maxBytes)
  let hits = 0
  let misses = 0
  const drop = (fits: (source: Source) => boolean) => kept.deleteWhere(({ source }) => fits(source))
  let lastApp = 0
  /** Each app has its own results; its changes are listened to for as long as it lives. */
  const appOf = perApp((context) => {
    const id = ++lastApp
    const running = new Set<Source>()
    const hear = followChanges(running, (fits) => drop((source) => source.app === id && fits(source)))
    const { listen } = Context.getUnsafe(context as Context.Context<any>, Changes)
    Effect.runSync(Effect.provideService(listen(hear), Scope.Scope, Scope.makeUnsafe()))
    return { id, running }
  })
  const cached = <A extends Result>(
    run: Effect.Effect<A, unknown>,
    method: CallMethod,
    call: HandlerCall,
    keep: (result: A) => A | undefined
  ): Effect.Effect<A, unknown> =>
    Effect.withFiber((fiber) => {
      const context = fiber.context as Context.Context<any>
      const live = liveCallOf(context)
      if (live === undefined) return run
      const request = Context.getUnsafe(context, RequestContext)
      const component = calledIn(context)
      const more = key?.(call, request)
      if (key !== undefined && more === undefined) return run
      const app = appOf(context)
      const principal = scope === "public" ? undefined : Context.getUnsafe(context, Principal)
      const id = keyOf([
        app.id,
        method,
        component,
        numberOf(componentOf(call)),
        "args" in call ? [call.name, call.args] : call.uri,
        principal && [principal.anonymous, principal.id, [...principal.scopes].sort()],
        more
      ])
      if (id === undefined) return run
      const clock = fiber.getRef(Clock.Clock)
      const found = kept.get(id, clock.currentTimeMillisUnsafe())
      if (found !== undefined) {
        hits++
        return Effect.succeed(found.result as A)
      }
      misses++
      const source: Source = {
        app: app.id,
        method,
        component: component?.name,
        uri: method === "resources/read" ? live.uri : undefined,
        stale: false
      }
      const usesBefore = live.uses
      app.running.add(source)
      const done = Effect.map(run, (result) => {
        if (source.stale || live.uses !== usesBefore || live.suspended()) return result
        const copy = keep(result)
        const bytes = copy === undefined ? maxBytes + 1 : id.length + jsonBytes(copy, maxBytes)
        if (copy !== undefined && bytes <= maxBytes) {
          kept.set(id, { result: copy, source }, bytes, clock.currentTimeMillisUnsafe() + ttl)
        }
        return result
      })
      return Effect.ensuring(
        done,
        Effect.sync(() => void app.running.delete(source))
      )
    })
  // another component may answer otherwise, though it is listed alike
  const numbers = new WeakMap<object, number>()
  let lastNumber = 0
  const numberOf = (component: object): number => {
    const known = numbers.get(component)
    if (known !== undefined) return known
    numbers.set(component, ++lastNumber)
    return lastNumber
  }
  const harmless = (call: ToolCall) => call.tool.annotations?.readOnlyHint === true || picker.vouchesFor(call)
  const made = middleware({
    ...(methods.has("tools/call") && {
      callTool: (next, call) =>
        picker.takes(call) && harmless(call) ? cached(next(call), "tools/call", call, keptTool) : next(call)
    }),
    ...(methods.has("resources/read") && {
      readResource: (next, read) =>
        picker.takes(read) ? cached(next(read), "resources/read", read, (result) => result) : next(read)
    }),
    ...(methods.has("prompts/get") && {
      getPrompt: (next, get) =>
        picker.takes(get) ? cached(next(get), "prompts/get", get, (result) => result) : next(get)
    })
  })
  return Object.freeze({
    ...made,
    stats: () => ({ hits, misses, size: kept.size, bytes: kept.bytes }),
    clear: () => kept.deleteWhere(() => true)
  })
}

type Result = ToolResult | ReadResult | PromptResult

interface Entry {
  readonly result: Result
  readonly source: Source
}

const componentOf = (call: HandlerCall): object =>
  "tool" in call ? call.tool : "prompt" in call ? call.prompt : call.resource

/** Long arguments are known by their digest; undefined for what has no JSON. */
const keyOf = (parts: ReadonlyArray<unknown>): string | undefined => {
  let text: string
  try {
    text = canonical(parts)
  } catch {
    return undefined
  }
  return text.length > 256 ? digest(text) : text
}

/** A handler may go on with the value that it returned, and must not change what is kept. */
const keptTool = (given: ToolResult): ToolResult | undefined => {
  const { content, structuredContent, _meta, isError } = given
  if (isError === true) return undefined
  if (structuredContent === undefined && _meta === undefined) return given
  return result({ content: content as any, structured: copied(structuredContent), meta: copied(_meta) as any })
}

const copied = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

const settingsOf = (read: OptionReader<CacheOptions>) => ({
  ttl: read.number("ttl", upToAYear, 60_000),
  maxEntries: read.integer("maxEntries", { min: 1, max: 1_000_000 }, 1_000),
  maxBytes: read.integer("maxBytes", { min: 1024, max: 2 ** 40, unit: "bytes" }, 16 * 1024 * 1024),
  scope: read.oneOf("scope", ["principal", "public"], "principal"),
  key: read.fn<NonNullable<CacheOptions["key"]>>("key")
})
