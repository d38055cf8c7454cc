import { fileURLToPath } from "node:url"
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client"
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio"
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js"
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js"
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { type App, type LogLevel, serve } from "mcpipe"
import { answerAsks, type Respondent } from "./clients-asked.ts"
import type { Combination } from "./eras.ts"
import { type Answer, answerOf } from "./normal.ts"
import { assertEra, type Tap, tap } from "./tap.ts"

/** A server, or the URL of a module that exports one by default, which a child process can import too. */
export type Testable = URL | App | { readonly "~mcpipe/Server": unknown }

export type ListKind = "tools" | "resources" | "resourceTemplates" | "prompts"

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: unknown) => void) | undefined
  /** Asks for log messages with this request, as 2026-07-28 does. */
  readonly logLevel?: LogLevel | undefined
}

/** How one round of a call on 2026-07-28 goes on with the one before it. */
export interface RoundOptions extends Pick<CallOptions, "signal"> {
  readonly inputResponses?: Readonly<Record<string, unknown>> | undefined
  readonly requestState?: string | undefined
}

/** Either official client behind one face; answers are normal forms, so that they can be compared. */
export interface TestClient extends AsyncDisposable {
  readonly at: Combination
  /** The official client itself, for what has no face of its own here. */
  readonly sdk: any
  /** Everything that crossed the wire. */
  readonly wire: Tap
  /** Params of the log notifications received, in order. */
  readonly logs: Array<unknown>
  readonly instructions: string | undefined
  readonly serverInfo: unknown
  readonly capabilities: unknown
  readonly call: (name: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions) => Promise<Answer>
  /** One round of a call on 2026-07-28, by hand: what is asked comes back instead of going to the respondent. */
  readonly round: (name: string, args: Readonly<Record<string, unknown>>, options?: RoundOptions) => Promise<any>
  /** Puts a message on the wire as it is, past the client. */
  readonly send: (message: object) => Promise<void>
  readonly read: (uri: string) => Promise<Answer>
  readonly get: (name: string, args?: Readonly<Record<string, string>>) => Promise<Answer>
  readonly complete: (
    ref: { readonly prompt: string } | { readonly template: string },
    argument: readonly [name: string, value: string],
    others?: Readonly<Record<string, string>>
  ) => Promise<Answer>
  /** One page; the first without a cursor. */
  readonly list: (kind: ListKind, cursor?: string) => Promise<Answer>
  readonly setLevel: (level: LogLevel) => Promise<Answer>
  /** Closes the server and leaves the client as it is; a child process over stdio goes on. */
  readonly closeServer: () => Promise<void>
}

/**
 * Connects the client of a combination to a server, and fails unless the wire itself shows the revision asked for.
 * Whoever is given as `respondent` answers what the server asks; `options` are further ones of the client. Disposing of the client closes the server too.
 */
export const connect = async (
  server: Testable,
  at: Combination,
  respondent?: Respondent,
  options: object = {}
): Promise<TestClient> => {
  const carrier = await carry(server, at)
  const wire = tap(carrier.transport)
  try {
    const client = await open(carrier.transport, at, respondent, options)
    assertEra(wire, at)
    return {
      ...facade(client, at, wire),
      send: (message) => carrier.transport.send(message),
      closeServer: carrier.close,
      [Symbol.asyncDispose]: async () => {
        await client.sdk.close()
        await carrier.close()
      }
    }
  } catch (error) {
    await carrier.transport.close().catch(() => {})
    await carrier.close()
    throw error
  }
}

interface Carrier {
  readonly transport: any
  readonly close: () => Promise<void>
}

const carry = async (server: Testable, { transport, client }: Combination): Promise<Carrier> => {
  if (transport === "stdio") {
    if (!(server instanceof URL))
      throw new Error("Over stdio the server runs in a child process: give its module's URL.")
    const Transport = client === "v1" ? StdioV1 : ProbingStdioV2
    // the child's log of masked failures is no part of what is compared
    return { transport: new Transport({ ...childOf(server), stderr: "ignore" }), close: async () => {} }
  }
  const served: any = server instanceof URL ? (await import(server.href)).default : server
  if (transport === "memory") {
    const [ours, theirs] = InMemoryTransport.createLinkedPair()
    const serving = await serve(served, { transport: theirs as any, signals: false })
    return { transport: ours, close: serving.close }
  }
  // without a key of its own a server over HTTP warns of restarts, which no spec needs to read
  const keys = "~mcpipe/Server" in served ? { requestStateKeys } : {}
  const serving = await serve(served, { http: { port: 0 }, signals: false, ...keys })
  const url = new URL(serving.url!)
  return { transport: client === "v1" ? new HttpV1(url) : new HttpV2(url), close: serving.close }
}

const requestStateKeys = ["a key that only specs use, and only here"]

const loader = new URL("../tools/ts.mjs", import.meta.url).href
const script = fileURLToPath(new URL("fixture-server.ts", import.meta.url))

const childOf = (module: URL) => ({
  command: process.execPath,
  args: ["--conditions", "mcpipe-source", "--import", loader, script, fileURLToPath(module)]
})

/** Of the class itself the v2 client probes a second child that no tap sees; of a subclass it probes the child it keeps. */
class ProbingStdioV2 extends StdioV2 {}

type Open =
  | { readonly version: 1; readonly sdk: ClientV1; readonly logs: Array<unknown> }
  | { readonly version: 2; readonly sdk: ClientV2; readonly logs: Array<unknown> }

const info = { name: "interop", version: "1.0.0" }

const open = async (
  transport: any,
  { client }: Combination,
  respondent: Respondent | undefined,
  options: object
): Promise<Open> => {
  const logs: Array<unknown> = []
  const capabilities = respondent?.capabilities ?? {}
  if (client === "v1") {
    const sdk = new ClientV1(info, { ...options, capabilities })
    if (respondent !== undefined) answerAsks({ version: 1, sdk }, respondent)
    sdk.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logs.push(params))
    await sdk.connect(transport)
    return { version: 1, sdk, logs }
  }
  // "auto" may fall back to a handshake, which the check of the wire then reports
  const mode = client === "v2-legacy" ? "legacy" : "auto"
  const sdk = new ClientV2(info, { ...options, capabilities, versionNegotiation: { mode } })
  if (respondent !== undefined) answerAsks({ version: 2, sdk }, respondent)
  sdk.setNotificationHandler("notifications/message", ({ params }: any) => void logs.push(params))
  await sdk.connect(transport)
  return { version: 2, sdk, logs }
}

const facade = (
  client: Open,
  at: Combination,
  wire: Tap
): Omit<TestClient, "send" | "closeServer" | typeof Symbol.asyncDispose> => {
  const { version, sdk, logs } = client
  const methods: any = sdk
  const ask = (asked: Promise<unknown>) => answerOf(asked, at, sdk.getServerVersion())
  return {
    at,
    sdk,
    wire,
    logs,
    instructions: sdk.getInstructions(),
    serverInfo: sdk.getServerVersion(),
    capabilities: sdk.getServerCapabilities(),
    call: (name, args, { signal, onProgress, logLevel } = {}) => {
      const meta = logLevel === undefined ? {} : { _meta: { "io.modelcontextprotocol/logLevel": logLevel } }
      const params = { name, ...(args === undefined ? {} : { arguments: args }), ...meta }
      const options = { ...(signal && { signal }), ...(onProgress && { onprogress: onProgress }) }
      return ask(version === 1 ? sdk.callTool(params, undefined, options) : sdk.callTool(params, options))
    },
    round: (name, args, { signal, ...earlier } = {}) =>
      methods.callTool({ name, arguments: args, ...earlier }, { allowInputRequired: true, ...(signal && { signal }) }),
    read: (uri) => ask(methods.readResource({ uri })),
    get: (name, args) => ask(methods.getPrompt({ name, ...(args === undefined ? {} : { arguments: args }) })),
    complete: (ref, [name, value], others) =>
      ask(
        methods.complete({
          ref: "prompt" in ref ? { type: "ref/prompt", name: ref.prompt } : { type: "ref/resource", uri: ref.template },
          argument: { name, value },
          ...(others === undefined ? {} : { context: { arguments: others } })
        })
      ),
    // the v2 client would join all pages itself if it were given no cursor
    list: (kind, cursor = "") => ask(methods[listMethods[kind]]({ cursor })),
    setLevel: (level) => ask(methods.setLoggingLevel(level))
  }
}

const listMethods = {
  tools: "listTools",
  resources: "listResources",
  resourceTemplates: "listResourceTemplates",
  prompts: "listPrompts"
} as const
