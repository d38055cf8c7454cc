/** The two official clients, behind the few calls that the demo makes. */
import { type ChildProcess, spawn } from "node:child_process"
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client"
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio"
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js"
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { CreateMessageRequestSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js"

export type Generation = "v1" | "v2"

/** Who answers for the user and the model of a client; `round` counts the requests of the call so far. */
export interface Person {
  /** Fills in a form. */
  readonly fill: (question: string, round: number) => object
  /** Says what the model says. */
  readonly say: (prompt: string, round: number) => string
}

export interface DemoClient {
  /** Package and revision in use, for the transcript. */
  readonly title: string
  readonly revision: string | undefined
  readonly call: (name: string, args: object, onprogress?: (report: any) => void) => Promise<any>
  readonly read: (uri: string) => Promise<any>
  readonly prompt: (name: string, args: Record<string, string>) => Promise<any>
  readonly complete: (uri: string, name: string, value: string) => Promise<any>
  readonly list: () => Promise<any>
  /** How many `tools/call` requests were sent so far: on 2026-07-28 a call that asks is several. */
  readonly rounds: () => number
  readonly close: () => Promise<void>
}

/** A client that started its server. */
export interface StdioClient extends DemoClient {
  /** Lines the server wrote to stderr; all of them once `close` has resolved. */
  readonly stderr: () => ReadonlyArray<string>
}

/** An example's `main.ts` as a command; it runs the way this process runs. */
const command = (example: string, flags: ReadonlyArray<string>) => ({
  command: process.execPath,
  args: [...process.execArgv, `examples/${example}/main.ts`, ...flags]
})

/** Starts an example as a child process and talks to it over stdin and stdout. */
export const overStdio = async (
  generation: Generation,
  example: string,
  flags: ReadonlyArray<string> = [],
  person?: Person
): Promise<StdioClient> => {
  const transport: any = new { v1: StdioV1, v2: StdioV2 }[generation]({ ...command(example, flags), stderr: "pipe" })
  let stderr = ""
  transport.stderr.on("data", (chunk: unknown) => {
    stderr += chunk
  })
  const ended = new Promise((done) => transport.stderr.once("end", done))
  const client = await connect(generation, transport, person)
  const close = async () => {
    await client.close()
    await ended
  }
  return { ...client, close, stderr: () => linesOf(stderr) }
}

/** Talks HTTP to a server that is running already, as the user that `token` names. */
export const overHttp = (generation: Generation, url: string, token: string, person?: Person): Promise<DemoClient> => {
  const options = { requestInit: { headers: { authorization: `Bearer ${token}` } } }
  return connect(generation, new { v1: HttpV1, v2: HttpV2 }[generation](new URL(url), options), person)
}

const linesOf = (text: string) => text.trim().split("\n")

export interface HttpChild {
  readonly url: string
  /** Asks the process to end, as a process manager does, and resolves with its exit code. */
  readonly stop: () => Promise<number | null>
  /** Lines it wrote to stderr so far. */
  readonly stderr: () => ReadonlyArray<string>
}

/** Starts an example that serves HTTP on a free port, and waits until it says where. */
export const startHttp = (example: string, ...flags: ReadonlyArray<string>): Promise<HttpChild> =>
  new Promise((resolve, reject) => {
    const { command: node, args } = command(example, [...flags, "--http"])
    const child: ChildProcess = spawn(node, args, {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "ignore", "pipe"]
    })
    process.once("exit", () => child.kill())
    const ended = new Promise<number | null>((done) => child.once("close", done))
    let stderr = ""
    child.stderr!.on("data", (chunk) => {
      stderr += chunk
      const url = /Listening at (\S+)/.exec(stderr)?.[1]
      if (url === undefined) return
      const stop = () => {
        child.kill("SIGTERM")
        return ended
      }
      resolve({ url, stop, stderr: () => linesOf(stderr) })
    })
    child.once("error", reject)
    ended.then((code) => reject(new Error(`${example} ended with ${code} before it listened:\n${stderr}`)))
  })

const info = { name: "demo", version: "1.0.0" }

const connect = async (generation: Generation, transport: any, person: Person | undefined): Promise<DemoClient> => {
  let rounds = 0
  const send = transport.send.bind(transport)
  transport.send = (message: any, options: unknown) => {
    if (message.method === "tools/call") rounds++
    return send(message, options)
  }
  const handlers = person === undefined ? undefined : handlersOf(person, () => rounds)
  const client = await (generation === "v1" ? connectV1 : connectV2)(transport, handlers)
  return { ...client, rounds: () => rounds }
}

type Connected = Omit<DemoClient, "rounds">

const connectV1 = async (transport: any, handlers: Handlers | undefined): Promise<Connected> => {
  const client = new ClientV1(info, { capabilities: capabilitiesOf(handlers) })
  if (handlers !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, handlers.elicitation)
    client.setRequestHandler(CreateMessageRequestSchema, handlers.sampling)
  }
  let revision: string | undefined
  const told = transport.setProtocolVersion?.bind(transport)
  transport.setProtocolVersion = (version: string) => {
    revision = version
    told?.(version)
  }
  await client.connect(transport)
  return {
    title: `@modelcontextprotocol/sdk (v1), revision ${revision}`,
    revision,
    call: (name, args, onprogress) =>
      client.callTool({ name, arguments: { ...args } }, undefined, onprogress === undefined ? {} : { onprogress }),
    ...common(client)
  }
}

const connectV2 = async (transport: any, handlers: Handlers | undefined): Promise<Connected> => {
  const versionNegotiation = { mode: { pin: "2026-07-28" } }
  const client = new ClientV2(info, { capabilities: capabilitiesOf(handlers), versionNegotiation })
  if (handlers !== undefined) {
    client.setRequestHandler("elicitation/create", handlers.elicitation)
    client.setRequestHandler("sampling/createMessage", handlers.sampling)
  }
  await client.connect(transport)
  const revision = client.getNegotiatedProtocolVersion()
  return {
    title: `@modelcontextprotocol/client (v2), revision ${revision}`,
    revision,
    call: (name, args, onprogress) =>
      client.callTool({ name, arguments: { ...args } }, onprogress === undefined ? {} : { onprogress }),
    ...common(client)
  }
}

const capabilitiesOf = (handlers: Handlers | undefined) =>
  handlers === undefined ? {} : { elicitation: { form: {} }, sampling: {} }

interface Handlers {
  readonly elicitation: (request: any) => any
  readonly sampling: (request: any) => any
}

const handlersOf = ({ fill, say }: Person, round: () => number): Handlers => ({
  elicitation: ({ params }) => ({ action: "accept", content: fill(params.message, round()) }),
  sampling: ({ params }) => {
    const [prompt] = [params.messages[0].content].flat()
    return { role: "assistant", model: "demo", content: { type: "text", text: say(prompt.text, round()) } }
  }
})

const common = (client: any): Omit<Connected, "title" | "revision" | "call"> => ({
  read: (uri) => client.readResource({ uri }),
  prompt: (name, args) => client.getPrompt({ name, arguments: args }),
  complete: (uri, name, value) => client.complete({ ref: { type: "ref/resource", uri }, argument: { name, value } }),
  list: () => client.listTools(),
  close: () => client.close()
})
