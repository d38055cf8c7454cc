import { ServeError } from "../serve-error.ts"
import { show } from "../options.ts"

/** Which names a server answers to. */
export interface HostRule {
  /** Whether a `Host` header value is allowed. */
  readonly host: (value: string) => boolean
  /** Whether an `Origin` header value is allowed. */
  readonly origin: (value: string) => boolean
}

export interface HostRuleOptions {
  /** Host names this server answers to, with or without a port; replaces the default: loopback names and the bound host. */
  readonly hosts?: ReadonlyArray<string> | undefined
  /** Origins whose pages may call, such as `https://app.example.com`. Default: http(s) origins on an allowed host. */
  readonly origins?: ReadonlyArray<string> | undefined
  /** Answers to every `Host`: web pages can then reach this server by DNS rebinding. Default false. */
  readonly dangerouslyAllowAnyHost?: boolean | undefined
  /** Answers to every `Origin`: every web page can then call this server. Default false. */
  readonly dangerouslyAllowAnyOrigin?: boolean | undefined
}

/** A DNS name has at most 253 characters, a port 5. */
const maxHost = 260

/**
 * Compiles the allow-lists once. Against DNS rebinding the `Host` a browser was told must be one of ours, and against
 * cross-site requests so must its `Origin` (MCP basic/transports, "Security Warning").
 * Throws a `ServeError` naming a bad entry.
 */
export const hostRule = (options: HostRuleOptions, boundHost: string | undefined): HostRule => {
  const hosts = new Set(
    options.hosts === undefined ? defaultHosts(boundHost) : entries("hosts", options.hosts, hostEntry)
  )
  const origins = options.origins === undefined ? undefined : new Set(entries("origins", options.origins, originEntry))
  const allowed = (name: string, port: string) => hosts.has(name) || (port !== "" && hosts.has(`${name}:${port}`))
  const host = (value: string) => {
    const parsed = splitHost(value)
    return parsed !== undefined && allowed(parsed.name, parsed.port)
  }
  const origin = (value: string) => {
    const lower = value.length > maxHost + 8 ? "" : value.toLowerCase()
    if (origins !== undefined) {
      return origins.has(lower)
    }
    const scheme = lower.startsWith("https://") ? "https" : lower.startsWith("http://") ? "http" : undefined
    const parsed = scheme && splitHost(lower.slice(scheme.length + 3))
    return !!parsed && allowed(parsed.name, parsed.port || (scheme === "https" ? "443" : "80"))
  }
  return {
    host: options.dangerouslyAllowAnyHost === true ? () => true : remembering(host),
    origin: options.dangerouslyAllowAnyOrigin === true ? () => true : remembering(origin)
  }
}

/** Whether binding to `host` keeps the server on this machine. */
export const isLoopback = (host: string): boolean => {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "")
  return name === "localhost" || name === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

/** A host as it stands in a URL: IPv6 addresses in brackets. */
export const urlHost = (host: string): string => (host.includes(":") && !host.startsWith("[") ? `[${host}]` : host)

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"]

const wildcards = new Set(["0.0.0.0", "::", "[::]"])

const defaultHosts = (bound: string | undefined): ReadonlyArray<string> =>
  bound === undefined || wildcards.has(bound) ? loopbackNames : [...loopbackNames, urlHost(bound.toLowerCase())]

/** Clients repeat themselves: the value allowed last is allowed again without parsing. */
const remembering = (rule: (value: string) => boolean) => {
  let last: string | undefined
  return (value: string) => {
    if (value === last) {
      return true
    }
    const allowed = rule(value)
    if (allowed) {
      last = value
    }
    return allowed
  }
}

const splitHost = (value: string): { readonly name: string; readonly port: string } | undefined => {
  if (value.length === 0 || value.length > maxHost) {
    return undefined
  }
  const lower = value.toLowerCase()
  const colon = lower.indexOf(":", lower.startsWith("[") ? lower.indexOf("]") : 0)
  const name = colon === -1 ? lower : lower.slice(0, colon)
  const port = colon === -1 ? "" : lower.slice(colon + 1)
  return colon === -1 || /^\d{1,5}$/.test(port) ? { name, port } : undefined
}

const entries = (
  option: string,
  values: ReadonlyArray<string>,
  read: (value: string) => string | undefined
): ReadonlyArray<string> => {
  if (!Array.isArray(values)) {
    throw new ServeError(`Option \`${option}\` is ${show(values)}: use an array of strings.`)
  }
  return values.map((value) => {
    const entry = typeof value === "string" ? read(value) : undefined
    if (entry === undefined) {
      throw new ServeError(`Option \`${option}\` holds ${show(value)}: ${entryHelp[option]}`)
    }
    return entry
  })
}

const entryHelp: Readonly<Record<string, string>> = {
  hosts:
    'use names such as "api.example.com" or "api.example.com:8443". To answer to every name, set dangerouslyAllowAnyHost: true.',
  origins: 'use origins such as "https://app.example.com". To allow every origin, set dangerouslyAllowAnyOrigin: true.'
}

const hostEntry = (value: string): string | undefined => {
  const bracketed = value.split(":").length > 2 ? urlHost(value) : value
  const parsed = splitHost(bracketed)
  return parsed === undefined || !/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/.test(parsed.name)
    ? undefined
    : bracketed.toLowerCase()
}

const originEntry = (value: string): string | undefined => {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\s*]+)\/?$/.exec(value.toLowerCase())
  if (parts === null || splitHost(parts[2]!) === undefined) {
    return undefined
  }
  // Browsers leave out the port that the scheme implies (RFC 6454 §6.2).
  const port = parts[1] === "https" ? ":443" : parts[1] === "http" ? ":80" : undefined
  const authority = port !== undefined && parts[2]!.endsWith(port) ? parts[2]!.slice(0, -port.length) : parts[2]!
  return `${parts[1]}://${authority}`
}
