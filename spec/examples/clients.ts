import { fileURLToPath } from "node:url"
import { Client as ClientV2, InMemoryTransport as InMemoryV2 } from "@modelcontextprotocol/client"
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio"
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js"
import { InMemoryTransport as InMemoryV1 } from "@modelcontextprotocol/sdk/inMemory.js"
import { CreateMessageRequestSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import { type App, serve } from "mcpipe"
import { describe } from "vitest"

/** What a call may bring along, in either generation of the SDK. */
export interface CallOptions {
  readonly onprogress?: (report: object) => void
  readonly signal?: AbortSignal
}

/** Who answers for the user and the model of a client; what is left out, the client does not declare. */
export interface Person {
  readonly elicitation?: (question: { readonly message: string; readonly requestedSchema: any }) => object
  /** Gives the text that the model says. */
  readonly sampling?: (request: { readonly messages: ReadonlyArray<any> }) => string
}

/** An official client of either generation, by what both can do. */
export interface Client
  extends Pick<ClientV2, "readResource" | "getPrompt" | "complete" | "listTools" | "listResourceTemplates"> {
  readonly call: (name: string, args?: object, options?: CallOptions) => Promise<any>
  /** What the server logged to this client so far. */
  readonly logs: ReadonlyArray<unknown>
  readonly close: () => Promise<void>
}

/** Assembles what an example exports, anew for each spec, so that they share no lifespan. */
export type Example = () => App

/** The clients agree on one revision only: a spec that got another would promise something it did not see. */
const agreed = (revision: string | undefined, wanted: string): void => {
  if (revision !== wanted) throw new Error(`The client negotiated ${revision}, not ${wanted}.`)
}

const info = { name: "spec", version: "1.0.0" }

const capabilitiesOf = ({ elicitation, sampling }: Person) => ({
  ...(elicitation === undefined ? {} : { elicitation: { form: {} } }),
  ...(sampling === undefined ? {} : { sampling: {} })
})

const said = (text: string) => ({ role: "assistant" as const, model: "spec", content: { type: "text" as const, text } })

const connectV1 = async (transport: any, person: Person = {}): Promise<Client> => {
  const client = new ClientV1(info, { capabilities: capabilitiesOf(person) })
  const { elicitation, sampling } = person
  if (elicitation) client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicitation(params as any) as any)
  if (sampling) client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => said(sampling(params)))
  const logs: Array<unknown> = []
  client.fallbackNotificationHandler = async ({ params }) => void logs.push(params)
  let revision: string | undefined
  transport.setProtocolVersion = (given: string) => {
    revision = given
  }
  await client.connect(transport)
  agreed(revision, "2025-11-25")
  const call: Client["call"] = (name, args = {}, options = {}) =>
    client.callTool({ name, arguments: { ...args } }, undefined, options)
  return Object.assign(client, { call, logs }) as any
}

/** Connects the newer client. */
export const connectV2 = async (transport: any, person: Person = {}): Promise<Client> => {
  const capabilities = capabilitiesOf(person)
  const client = new ClientV2(info, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } })
  const { elicitation, sampling } = person
  if (elicitation) client.setRequestHandler("elicitation/create", ({ params }) => elicitation(params as any) as any)
  if (sampling) client.setRequestHandler("sampling/createMessage", ({ params }) => said(sampling(params)))
  const logs: Array<unknown> = []
  client.setNotificationHandler("notifications/message", ({ params }) => void logs.push(params))
  await client.connect(transport)
  agreed(client.getNegotiatedProtocolVersion(), "2026-07-28")
  // without a session, each request says which logs it wants
  const _meta = { "io.modelcontextprotocol/logLevel": "info" } as any
  const call: Client["call"] = (name, args = {}, options = {}) =>
    client.callTool({ name, arguments: { ...args }, _meta }, options)
  return Object.assign(client, { call, logs }) as any
}

/** A client whose server runs in this process. */
export interface InMemory extends AsyncDisposable {
  readonly client: Client
}

/** A client whose server is a child process running an example's `main.ts`. */
export interface Child extends InMemory {
  /** What the child wrote to stderr so far. */
  readonly stderr: () => string
  /** Ends the process the way hosts do, and waits for it. */
  readonly close: () => Promise<void>
}

type Connect = (transport: any, person?: Person) => Promise<Client>

const inMemory = (pair: () => [any, any], connect: Connect) => {
  return async (example: Example, person?: Person): Promise<InMemory> => {
    const [theirs, ours] = pair()
    const app = example()
    const serving = await serve(app, { transport: ours, signals: false })
    const client = await connect(theirs, person)
    return {
      client,
      [Symbol.asyncDispose]: async () => {
        await client.close()
        await serving.close()
        await app.dispose()
      }
    }
  }
}

const loader = new URL("../tools/ts.mjs", import.meta.url).href
const root = fileURLToPath(new URL("../../", import.meta.url))

const inChild = (Transport: typeof StdioV1 | typeof StdioV2, connect: Connect) => {
  return async (example: string, flags: ReadonlyArray<string>, person?: Person): Promise<Child> => {
    const args = ["--conditions", "mcpipe-source", "--import", loader, `examples/${example}/main.ts`, ...flags]
    const transport = new Transport({ command: process.execPath, args, cwd: root, stderr: "pipe" })
    let text = ""
    transport.stderr!.on("data", (chunk) => {
      text += chunk
    })
    const ended = new Promise((resolve) => transport.stderr!.once("end", resolve))
    const client = await connect(transport, person)
    const close = async () => {
      await client.close()
      await ended
    }
    return {
      client,
      stderr: () => text,
      close,
      [Symbol.asyncDispose]: close
    }
  }
}

/** Both generations of official clients, each on its newest revision. */
export const generations = [
  {
    title: "the official client v1 on 2025-11-25",
    /** Whether a handler runs from its start in each round of a call that asks. */
    replays: false,
    inMemory: inMemory(InMemoryV1.createLinkedPair, connectV1),
    inChild: inChild(StdioV1, connectV1)
  },
  {
    title: "the official client v2 on 2026-07-28",
    replays: true,
    inMemory: inMemory(InMemoryV2.createLinkedPair, connectV2),
    inChild: inChild(StdioV2, connectV2)
  }
] as const

/** Milliseconds for a promise about a child process, which a busy machine may take long to start. */
export const timeout = 60_000

/** Starting processes is slow, so each style meets one client: plain the older, Effect the newer. */
export const children = [
  { ...generations[0], flags: [] },
  { ...generations[1], flags: ["--effect"] }
]

/** Holds the same promises for both styles of an example, under both generations of clients. */
export const inBothStyles = (
  styles: { readonly plain: Example; readonly effect: Example },
  promises: (connect: (person?: Person) => Promise<InMemory>, generation: (typeof generations)[number]) => void
): void => {
  for (const style of ["plain", "effect"] as const) {
    for (const generation of generations) {
      describe(`in ${style} style, for ${generation.title}`, () =>
        promises((person) => generation.inMemory(styles[style], person), generation))
    }
  }
}
