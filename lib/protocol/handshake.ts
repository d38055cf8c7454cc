import { isLogLevel, logLevels } from "../services/client-log.ts"
import type { ClientInfo } from "../services/request-context.ts"
import { capabilitiesOf, serverInfoOf } from "./capabilities.ts"
import { coreMethods } from "./core-methods.ts"
import { encodeHandshake } from "./encode-handshake.ts"
import { isRecord, type MethodRow, type Params, type Profile, quoted } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { type HandshakeRevision, handshakeRevisions, isHandshakeRevision } from "./revisions.ts"
import { isClientInfo } from "./sessionless.ts"
import { subscriptionMethods } from "./subscriptions.ts"

/** 2025-11-25 basic/lifecycle: the same revision where it is served, else the newest this server has. */
const initialize: MethodRow = {
  method: "initialize",
  served: () => true,
  resolve: (params, { running, catalogue, subscriptions }) => {
    const client = readInitialize(params)
    if ("reason" in client) return client
    const { instructions } = running.assembly.info
    const { extensions, completions, ...capabilities } = capabilitiesOf(
      running,
      catalogue,
      subscriptions !== undefined,
      subscriptions !== undefined
    )
    const { revision } = client
    return {
      type: "answer",
      value: {
        protocolVersion: revision,
        capabilities: {
          ...capabilities,
          ...(completions !== undefined && revision >= "2025-03-26" ? { completions } : undefined),
          ...(extensions !== undefined && revision >= "2025-11-25" ? { extensions } : undefined)
        },
        serverInfo: serverInfoOf(running, revision),
        ...(instructions === undefined ? undefined : { instructions })
      }
    }
  }
}

const ping: MethodRow = { method: "ping", served: () => true, resolve: () => ({ type: "answer", value: {} }) }

const setLevel: MethodRow = {
  method: "logging/setLevel",
  served: () => true,
  resolve: (params, { setLogLevel }) => {
    const { level } = params
    if (!isLogLevel(level)) {
      const known = logLevels.join(", ")
      return refusal("invalid-params", `logging/setLevel: unknown level ${quoted(level)}; use one of ${known}.`)
    }
    setLogLevel?.(level)
    return { type: "answer", value: {} }
  }
}

/** The era of `initialize` and what it agrees on. */
export const handshake: Profile = {
  era: "handshake",
  methods: new Map(
    [...coreMethods, ...subscriptionMethods, initialize, ping, setLevel].map((row) => [row.method, row])
  ),
  encode: encodeHandshake
}

/** What `initialize` tells of the client, and the revision both will speak. */
export interface Handshaken {
  readonly revision: HandshakeRevision
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly clientInfo: ClientInfo
}

export const readInitialize = (params: Params): Handshaken | Refusal => {
  const { protocolVersion, capabilities, clientInfo } = params
  if (typeof protocolVersion !== "string") {
    return refusal("invalid-params", 'initialize: params.protocolVersion must be a string, such as "2025-11-25".')
  }
  if (!isRecord(capabilities)) return refusal("invalid-params", "initialize: params.capabilities must be an object.")
  if (!isClientInfo(clientInfo)) {
    return refusal("invalid-params", "initialize: params.clientInfo must be { name: string, version: string }.")
  }
  const revision = isHandshakeRevision(protocolVersion) ? protocolVersion : handshakeRevisions[0]
  return { revision, capabilities, clientInfo }
}
