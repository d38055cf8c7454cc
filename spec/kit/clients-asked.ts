import type { Client as ClientV2 } from "@modelcontextprotocol/client"
import type { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js"
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema
} from "@modelcontextprotocol/sdk/types.js"

/** What a server asked a client. */
export interface Asked {
  readonly method: AskMethod
  readonly params: any
  /** Aborted when the question is over before it was answered. */
  readonly signal: AbortSignal
}

export type AskMethod = "elicitation/create" | "sampling/createMessage" | "roots/list"

/** Whoever answers what servers ask: the user, the model and the file system behind a client. */
export interface Respondent {
  readonly capabilities: {
    readonly elicitation?: { readonly form?: Empty; readonly url?: Empty }
    readonly sampling?: { readonly tools?: Empty }
    readonly roots?: Empty
  }
  /** The raw result, or a promise of it; what it throws is the client's error. */
  readonly answer: (asked: Asked) => unknown
}

type Empty = Record<string, never>

/** Hands what an official client is asked to its respondent, for each capability it has. */
export const answerAsks = (
  client: { readonly version: 1; readonly sdk: ClientV1 } | { readonly version: 2; readonly sdk: ClientV2 },
  { capabilities, answer }: Respondent
): void => {
  for (const [capability, method, schema] of methods) {
    if (capabilities[capability] === undefined) continue
    if (client.version === 1) {
      client.sdk.setRequestHandler(
        schema as typeof ElicitRequestSchema,
        async ({ params }, { signal }) => (await answer({ method, params, signal })) as never
      )
    } else {
      client.sdk.setRequestHandler(
        method as "elicitation/create",
        async ({ params }, { mcpReq: { signal } }) => (await answer({ method, params, signal })) as never
      )
    }
  }
}

const methods = [
  ["elicitation", "elicitation/create", ElicitRequestSchema],
  ["sampling", "sampling/createMessage", CreateMessageRequestSchema],
  ["roots", "roots/list", ListRootsRequestSchema]
] as const
