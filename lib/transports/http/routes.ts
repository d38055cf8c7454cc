import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DefinitionError } from "../../builder/errors.ts"
import {
  type Handled,
  type OnlyUses,
  type ServicesOf,
  settle,
  type Uses,
  type UsesServices
} from "../../builder/handler.ts"
import type { PrincipalShape } from "../../services/principal.ts"
import { show } from "../options.ts"
import { type NamesOf, type RoutePattern, routePattern } from "./route-pattern.ts"

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

export type RouteMethod = (typeof methods)[number]

/** What a route is, beside its handler. */
export interface RouteOptions<Path extends string = string, U extends Uses = Uses> {
  /**
   * The path it is served at, such as `/orders/:id`: `:name` stands for one segment, `*` as the last segment for all that
   * follow. Of several routes that match, the more exact one serves.
   */
  readonly path: Path
  /** The method it serves, or several. Default `"GET"`; GET serves HEAD too. */
  readonly method?: RouteMethod | ReadonlyArray<RouteMethod> | undefined
  /** Whether the `authenticate` of the server decides who may call. Default true. */
  readonly authenticate?: boolean | undefined
  /** Services of the server's layers that the handler finds on its second parameter, and its Effects may need. */
  readonly uses?: U | undefined
}

/** What a handler is told beside the request. */
export interface RouteContext<Path extends string = string> {
  /** The values in the path, decoded; `*` under that name. */
  readonly params: { readonly [K in NamesOf<Path>]: string }
  /** Who is calling; anonymous where nobody was asked. */
  readonly principal: PrincipalShape
  /** The absolute URL, as the client named the server. */
  readonly url: URL
}

/** What handlers are told, and the services that they use. */
export type RouteContextFor<Path extends string, U extends Uses> = RouteContext<Path> & {
  readonly [K in keyof NoInfer<U>]: Context.Service.Shape<NoInfer<U>[K]>
}

/** An HTTP route beside MCP: an immutable value made by `route(options, handler)`. */
export interface Route {
  readonly path: string
  readonly methods: ReadonlyArray<RouteMethod>
  readonly "~mcpipe/Route": RouteInternals
}

/** Internals of a route; not for use outside the library. */
export interface RouteInternals {
  readonly pattern: RoutePattern
  readonly authenticate: boolean
  readonly uses: Uses
  /** The handler made uniform; fails with whatever was thrown, rejected or failed. */
  readonly invoke: (request: Request, context: object) => Effect.Effect<unknown, unknown, any>
}

/** What of `R` neither `uses` names nor every app has by itself. */
type Unnamed<R, U extends Uses> = Exclude<
  R extends { readonly "~mcpipe/supplied": "app" } | Scope.Scope ? never : R,
  UsesServices<U>
>

const own = ["params", "principal", "url"] satisfies ReadonlyArray<keyof RouteContext>

/**
 * Defines an HTTP route to be served beside MCP. The handler takes a web-standard `Request`, whose body was read within
 * the server's limits and whose signal is aborted when the client leaves, and gives in any of the four forms of handlers a
 * `Response`, a string (sent as text), nothing (204) or any other value (sent as JSON). A failure answers 500 without its
 * text, unless it is a `PublicError`, a `ResourceNotFound` (404) or a refusal made by `refuse(…)`. What it acquires is
 * released when it ends, before the response is sent. Throws a `DefinitionError` where an option cannot work.
 * @example route({ path: "/orders/:id", uses: { db: Db } }, (_, { params, db }) => db.order(params.id))
 */
export const route = <const Path extends string, Ret extends Handled<unknown>, U extends Uses = {}>(
  options: RouteOptions<Path, U>,
  handler: (request: Request, context: RouteContextFor<Path, U>) => Ret & OnlyUses<Unnamed<ServicesOf<Ret>, U>>
): Route => {
  if (typeof options !== "object" || options === null) {
    throw new DefinitionError("route(…) takes its options first, then its handler: route({ path }, () => …).")
  }
  const where = `route ${show(options.path)}`
  const pattern = routePattern(options.path, where)
  if (typeof handler !== "function") {
    throw new DefinitionError(`${where}: the second argument must be its handler function.`)
  }
  const { authenticate = true, uses = {} } = options
  if (typeof authenticate !== "boolean") {
    throw new DefinitionError(`${where}: authenticate is ${show(authenticate)}; use true or false.`)
  }
  for (const [name, key] of Object.entries(uses)) {
    if ((own as ReadonlyArray<string>).includes(name)) {
      throw new DefinitionError(`${where}: uses.${name} would hide the handler's own ${name}; choose another name.`)
    }
    if (!Context.isKey(key)) {
      throw new DefinitionError(
        `${where}: uses.${name} must be a service, such as a class that extends Context.Service.`
      )
    }
  }
  const run = handler as (request: Request, context: object) => unknown
  return Object.freeze({
    path: options.path,
    methods: Object.freeze(methodsOf(options.method, where)),
    "~mcpipe/Route": {
      pattern,
      authenticate,
      uses: { ...uses },
      invoke: (request: Request, context: object) => settle(() => run(request, context))
    }
  })
}

export const isRoute = (u: unknown): u is Route => typeof u === "object" && u !== null && "~mcpipe/Route" in u

const methodsOf = (given: RouteOptions["method"] = "GET", where: string): ReadonlyArray<RouteMethod> => {
  const list: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
  const odd = list.find((method) => !(methods as ReadonlyArray<unknown>).includes(method))
  if (odd !== undefined || list.length === 0) {
    const what = list.length === 0 ? "[]" : show(odd)
    throw new DefinitionError(`${where}: method is ${what}; use one or more of ${methods.join(", ")}.`)
  }
  return [...new Set(list)] as ReadonlyArray<RouteMethod>
}
