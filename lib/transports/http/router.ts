import * as Context from "effect/Context"
import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { shuttingDown } from "../drain.ts"
import { show } from "../options.ts"
import { ServeError } from "../serve-error.ts"
import { forbiddenHost, forbiddenOrigin, type GateHead } from "./gate.ts"
import type { HostRule } from "./hosts.ts"
import type { PathValues } from "./route-pattern.ts"
import { isRoute, type Route, type RouteInternals, type RouteMethod } from "./routes.ts"

/** What an HTTP server serves beside MCP. */
export interface RouterOptions {
  /** Routes of the author's own, made by `route(options, handler)`. Default none. */
  readonly routes?: ReadonlyArray<Route> | undefined
  /**
   * Serves `{"status":"ok"}` at `/health`, or at the path given here, and 503 with `{"status":"draining"}` once the server
   * is told to stop, so that a load balancer takes it out. Nobody is authenticated, and any `Host` will do: probes name the
   * address. Default false.
   */
  readonly health?: boolean | string | undefined
}

/** What a request is for that is not for MCP. */
export type Routed =
  | { readonly type: "refused"; readonly refusal: Refusal }
  | { readonly type: "health" }
  | { readonly type: "route"; readonly route: RouteInternals; readonly params: PathValues }

export interface Router {
  /** What serves a request; undefined where it is MCP's, or nobody's. Looks at nothing but its head. */
  readonly find: (head: GateHead, draining: boolean) => Routed | undefined
  /** Throws a `ServeError` where a path that something else serves, named by `what`, is served here too. */
  readonly reserve: (path: string, what: string) => void
  /** Throws a `ServeError` naming a service that a route uses and the app does not have. */
  readonly check: (context: Context.Context<never>) => void
}

/** Checks the options; undefined where they ask for nothing. Throws a `ServeError` naming what is served twice. */
export const routerOf = (options: RouterOptions, mcpPath: string, rule: HostRule): Router | undefined => {
  const routes = checkedRoutes(options.routes)
  const health = healthPath(options.health)
  if (routes.length === 0 && health === undefined) return undefined
  const claim = claimsOf(routes, mcpPath, health)
  const ordered = [...routes].sort((one, other) => {
    const [a, b] = [one["~mcpipe/Route"].pattern, other["~mcpipe/Route"].pattern]
    // one that serves HEAD itself is asked before one that serves it as GET
    return a.compare(b) || Number(other.methods.includes("HEAD")) - Number(one.methods.includes("HEAD"))
  })
  const find = (head: GateHead): Routed | undefined => {
    if (head.path === health) return serves(["GET"], head.method) ? { type: "health" } : notAllowed(["GET"])
    const allowed: Array<RouteMethod> = []
    for (const { methods, "~mcpipe/Route": route } of ordered) {
      const params = route.pattern.match(head.path)
      if (params === undefined) continue
      if (typeof params === "string")
        return refused(refusal("invalid-request", `The path cannot be served: ${params}.`))
      if (serves(methods, head.method)) return { type: "route", route, params }
      allowed.push(...methods)
    }
    return allowed.length === 0 ? undefined : notAllowed(allowed)
  }
  return {
    find: (head, draining) => {
      if (head.path === mcpPath) return undefined
      const found = find(head)
      if (found === undefined) return undefined
      const origin = head.headers.get("origin")
      if (head.path !== health && (head.host === undefined || !rule.host(head.host))) {
        return refused(forbiddenHost(head.host))
      }
      if (origin !== undefined && !rule.origin(origin)) return refused(forbiddenOrigin(origin))
      return draining && found.type === "route" ? refused(shuttingDown) : found
    },
    reserve: (path, what) => claim({ shape: literal(path), methods: undefined, what: `${what} at ${show(path)}` }),
    check: (context) => {
      for (const route of routes) {
        for (const key of Object.values(route["~mcpipe/Route"].uses)) {
          if (Context.isReference(key)) continue
          if (Context.getOrUndefined(context as Context.Context<any>, key) !== undefined) continue
          throw new ServeError(
            `${capital(described(route))} uses the service ${key.key}, which no layer of this server gives: add .provide(layer) for it.`
          )
        }
      }
    }
  }
}

const checkedRoutes = (routes: unknown = []): ReadonlyArray<Route> => {
  if (!Array.isArray(routes)) throw new ServeError(`Option \`routes\` is ${show(routes)}: use an array of routes.`)
  const odd = routes.findIndex((route) => !isRoute(route))
  if (odd === -1) return routes
  throw new ServeError(
    `Option \`routes[${odd}]\` is ${show(routes[odd])}: make routes with route({ path }, (request) => …).`
  )
}

const healthPath = (health: RouterOptions["health"]): string | undefined => {
  if (health === undefined || health === false) return undefined
  if (health === true) return "/health"
  if (typeof health === "string" && /^\/[^?#\s]*$/.test(health)) return health
  throw new ServeError(`Option \`health\` is ${show(health)}: use true, or a path such as "/health".`)
}

interface Claim {
  readonly shape: string
  /** Undefined for all of them. */
  readonly methods: ReadonlyArray<RouteMethod> | undefined
  readonly what: string
}

/** What is served, each at its own place. Gives how to add to it, which throws a `ServeError` naming what is there already. */
const claimsOf = (
  routes: ReadonlyArray<Route>,
  mcpPath: string,
  health: string | undefined
): ((next: Claim) => void) => {
  const claims: Array<Claim> = [{ shape: literal(mcpPath), methods: undefined, what: `MCP at ${show(mcpPath)}` }]
  const claim = (next: Claim) => {
    const other = claims.find(
      ({ shape, methods }) =>
        shape === next.shape &&
        (methods === undefined || next.methods === undefined || methods.some((one) => next.methods!.includes(one)))
    )
    if (other !== undefined) {
      throw new ServeError(`${capital(other.what)} and ${next.what} match the same requests: change the path of one.`)
    }
    claims.push(next)
  }
  if (health !== undefined) {
    claim({ shape: literal(health), methods: undefined, what: `the health check at ${show(health)}` })
  }
  for (const route of routes) {
    claim({ shape: route["~mcpipe/Route"].pattern.shape, methods: route.methods, what: described(route) })
  }
  return claim
}

const literal = (path: string): string =>
  path
    .slice(1)
    .split("/")
    .map((text) => `=${text}`)
    .join("/")

const described = ({ methods, path }: Route): string => `route ${methods.join("/")} ${show(path)}`

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1)

/** RFC 9110 §9.3.2: HEAD is GET without the content. */
const serves = (methods: ReadonlyArray<string>, method: string): boolean =>
  methods.includes(method) || (method === "HEAD" && methods.includes("GET"))

const refused = (refusal: Refusal): Routed => ({ type: "refused", refusal })

const notAllowed = (methods: ReadonlyArray<RouteMethod>): Routed => {
  const all = [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))]
  const allow = all.join(", ")
  return refused(refusal("method-not-allowed", `This path is served by ${allow}.`, { headers: { allow } }))
}
