import type { HttpCoreOptions } from "./core.ts"
import type { FetchOptions } from "./fetch.ts"
import type { HttpOptions } from "./node.ts"

const core: { readonly [name in keyof HttpCoreOptions]-?: true } = {
  path: true,
  trustProxy: true,
  authenticate: true,
  maxBodyBytes: true,
  maxDepth: true,
  strictJson: true,
  bodyTimeout: true,
  sessions: true,
  responses: true,
  keepAlive: true,
  routes: true,
  health: true,
  hosts: true,
  origins: true,
  dangerouslyAllowAnyHost: true,
  dangerouslyAllowAnyOrigin: true
}

const node: { readonly [name in keyof HttpOptions]-?: true } = {
  ...core,
  port: true,
  host: true,
  headersTimeout: true,
  maxConnections: true,
  keepAliveTimeout: true,
  legacySse: true
}

const fetch: { readonly [name in keyof FetchOptions]-?: true } = { ...core, gracePeriod: true }

/** The options of serving over HTTP, by name. */
export const httpNames: ReadonlySet<string> = new Set(Object.keys(node))

/** The options of a fetch handler, by name. */
export const fetchNames: ReadonlySet<string> = new Set(Object.keys(fetch))
