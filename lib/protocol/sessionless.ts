import { isLogLevel, type LogLevel, logLevels } from "../services/client-log.ts"
import type { ClientInfo } from "../services/request-context.ts"
import { capabilitiesOf } from "./capabilities.ts"
import { coreMethods } from "./core-methods.ts"
import { cacheFields, encodeSessionless } from "./encode-sessionless.ts"
import { takesEvents } from "./exchange.ts"
import { wellFormed } from "./json.ts"
import { listen } from "./listen.ts"
import { isRecord, type MethodRow, type Params, type Profile, quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { metaKeys, sessionlessRevisions } from "./revisions.ts"

/** 2026-07-28 server/discover: who this server is and what it serves, without a handshake. */
const discover: MethodRow = {
  method: "server/discover",
  served: () => true,
  resolve: (_, request) => {
    const { instructions } = request.running.assembly.info
    return {
      type: "answer",
      value: {
        supportedVersions: sessionlessRevisions,
        capabilities: capabilitiesOf(request.running, request.catalogue, takesEvents(request.sink)),
        ...(instructions === undefined ? undefined : { instructions }),
        ...cacheFields(undefined, request)
      }
    }
  }
}

/** The era of self-contained requests. */
export const sessionless: Profile = {
  era: "sessionless",
  methods: new Map([...coreMethods, discover, listen].map((row) => [row.method, row])),
  encode: encodeSessionless
}

/** What every sessionless request carries about its client. */
export interface Envelope {
  readonly revision: string
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly clientInfo: ClientInfo | undefined
  readonly meta: Params
}

/** Whether a body claims to be sessionless; only then is its envelope checked. */
export const claimsSessionless = (params: unknown): boolean => {
  const meta = isRecord(params) ? params["_meta"] : undefined
  return (
    isRecord(meta) &&
    (Object.hasOwn(meta, metaKeys.protocolVersion) || Object.hasOwn(meta, metaKeys.clientCapabilities))
  )
}

/** Reads the envelope (2026-07-28 basic/index, "Request Metadata"); whether its revision is served comes after the headers. */
export const readEnvelope = (params: unknown): Envelope | Refusal => {
  const meta = isRecord(params) ? params["_meta"] : undefined
  if (!isRecord(meta))
    return missing(`params._meta must carry ${metaKeys.protocolVersion} and ${metaKeys.clientCapabilities}.`)
  const revision = meta[metaKeys.protocolVersion]
  const capabilities = meta[metaKeys.clientCapabilities]
  const clientInfo = meta[metaKeys.clientInfo]
  if (typeof revision !== "string")
    return missing(`params._meta[${quoted(metaKeys.protocolVersion)}] must be a string.`)
  if (!isRecord(capabilities)) return missing(`params._meta[${quoted(metaKeys.clientCapabilities)}] must be an object.`)
  if (clientInfo !== undefined && !isClientInfo(clientInfo)) {
    return missing(`params._meta[${quoted(metaKeys.clientInfo)}] must be { name: string, version: string }.`)
  }
  const level = meta[metaKeys.logLevel]
  if (level !== undefined && !isLogLevel(level)) {
    return refusal(
      "invalid-params",
      `params._meta[${quoted(metaKeys.logLevel)}]: unknown log level ${quoted(level)}; use one of ${logLevels.join(", ")}.`
    )
  }
  return { revision, capabilities, clientInfo, meta }
}

/** The least severe level a request wants log messages of, once `readEnvelope` has found it well; undefined for none. */
export const levelOf = (meta: Params): (() => LogLevel) | undefined => {
  const level = meta[metaKeys.logLevel] as LogLevel | undefined
  return level === undefined ? undefined : () => level
}

/** -32022 where the revision is not served, with those that are. */
export const checkRevision = (revision: string): Refusal | undefined =>
  (sessionlessRevisions as ReadonlyArray<string>).includes(revision)
    ? undefined
    : refusal(
        "unsupported-version",
        `Unsupported protocol version ${quoted(revision)}; use ${sessionlessRevisions.join(" or ")}.`,
        {
          data: { supported: sessionlessRevisions, requested: wellFormed(revision) }
        }
      )

export const isClientInfo = (u: unknown): u is ClientInfo =>
  isRecord(u) && typeof u["name"] === "string" && typeof u["version"] === "string"

const missing = (message: string): Refusal => refusal("missing-envelope", message)
