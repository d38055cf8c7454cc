import type { IncomingMessage } from "node:http"
import type { GateHead } from "./gate.ts"

/** The head of a node:http request. */
export const nodeHead = (request: IncomingMessage, trustProxy: boolean): GateHead => new NodeHead(request, trustProxy)

/** The head of a fetch `Request`. */
export const fetchHead = (request: Request, trustProxy: boolean): GateHead => new FetchHead(request, trustProxy)

type HeadHeaders = GateHead["headers"]

class NodeHead implements GateHead {
  readonly #request: IncomingMessage
  readonly #trustProxy: boolean
  readonly headers: GateHead["headers"]
  readonly method: string
  readonly path: string
  readonly host: string | undefined
  constructor(request: IncomingMessage, trustProxy: boolean) {
    this.#request = request
    this.#trustProxy = trustProxy
    const values = request.headers
    this.headers = new NodeHeaders(values)
    const target = request.url!
    const absolute = target.startsWith("/") ? undefined : parseUrl(target)
    this.method = request.method!
    this.path = absolute === undefined ? withoutQuery(target) : absolute.pathname
    // The authority of an absolute target replaces the Host header (RFC 9112 §3.2.2).
    this.host = absolute?.host ?? (trustProxy ? nearest(values["x-forwarded-host"]) : undefined) ?? values.host
  }
  get url(): string {
    const target = this.#request.url!
    const scheme =
      (this.#trustProxy ? forwardedScheme(this.#request.headers["x-forwarded-proto"]) : undefined) ?? "http"
    return target.startsWith("/") ? `${scheme}://${this.host ?? "localhost"}${target}` : target
  }
  get remoteAddress(): string | undefined {
    const forwarded = this.#trustProxy ? nearest(this.#request.headers["x-forwarded-for"]) : undefined
    return forwarded ?? this.#request.socket.remoteAddress
  }
}

class NodeHeaders implements HeadHeaders {
  readonly #values: IncomingMessage["headers"]
  constructor(values: IncomingMessage["headers"]) {
    this.#values = values
  }
  get(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === "string" ? value : value?.join(", ")
  }
}

class FetchHeaders implements HeadHeaders {
  readonly #values: Headers
  constructor(values: Headers) {
    this.#values = values
  }
  get(name: string): string | undefined {
    return this.#values.get(name) ?? undefined
  }
}

class FetchHead implements GateHead {
  readonly #request: Request
  readonly #trustProxy: boolean
  readonly headers: GateHead["headers"]
  readonly method: string
  readonly path: string
  readonly host: string | undefined
  constructor(request: Request, trustProxy: boolean) {
    this.#request = request
    this.#trustProxy = trustProxy
    const values = request.headers
    this.headers = new FetchHeaders(values)
    this.method = request.method
    const { path, authority } = partsOf(request.url)
    this.path = path
    // Some runtimes keep the Host header, others only put it into the URL.
    const forwarded = trustProxy ? nearest(values.get("x-forwarded-host") ?? undefined) : undefined
    this.host = forwarded ?? values.get("host") ?? authority
  }
  get url(): string {
    const url = this.#request.url
    if (!this.#trustProxy) {
      return url
    }
    const rewritten = new URL(url)
    const scheme = forwardedScheme(this.headers.get("x-forwarded-proto")) ?? rewritten.protocol.slice(0, -1)
    return `${scheme}://${this.host}${rewritten.pathname}${rewritten.search}`
  }
  get remoteAddress(): string | undefined {
    return this.#trustProxy ? nearest(this.headers.get("x-forwarded-for")) : undefined
  }
}

interface UrlParts {
  readonly path: string
  readonly authority: string
}

/** Clients repeat themselves: the parts of the URL read last, and short, are known. */
let lastUrl = ""
let lastParts: UrlParts = { path: "", authority: "" }

const partsOf = (url: string): UrlParts => {
  if (url === lastUrl) {
    return lastParts
  }
  const start = url.indexOf("://") + 3
  const slash = url.indexOf("/", start)
  const parts = { path: withoutQuery(url.slice(slash)), authority: url.slice(start, slash) }
  if (url.length <= 256) {
    lastUrl = url
    lastParts = parts
  }
  return parts
}

/** The last value of a forwarded list: the one our own proxy wrote. Earlier ones are the client's to invent. */
const nearest = (value: string | ReadonlyArray<string> | undefined): string | undefined => {
  const list = typeof value === "string" ? value : value?.at(-1)
  return list?.slice(list.lastIndexOf(",") + 1).trim() || undefined
}

const forwardedScheme = (value: string | ReadonlyArray<string> | undefined): string | undefined => {
  const scheme = nearest(value)?.toLowerCase()
  return scheme === "http" || scheme === "https" ? scheme : undefined
}

const withoutQuery = (target: string): string => {
  const query = target.indexOf("?")
  const hash = target.indexOf("#")
  const end = query === -1 ? hash : query
  return end === -1 ? target : target.slice(0, end)
}

const parseUrl = (target: string): URL | undefined => {
  try {
    return new URL(target)
  } catch {
    return undefined
  }
}
