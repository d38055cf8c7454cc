/** The two official clients, behind the few calls that the demo makes. */
import { type ChildProcess, spawn } from "node:child_process"
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client"
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio"
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js"
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js"

export type Generation = "v1" | "v2"

export interface DemoClient {
  /** Package and revision in use, for the transcript. */
  readonly title: string
  readonly revision: string | undefined
  readonly call: (name: string, args: object, onprogress?: (report: any) => void) => Promise<any>
  readonly read: (uri: string) => Promise<any>
  readonly prompt: (name: string, args: Record<string, string>) => Promise<any>
  readonly complete: (uri: string, name: string, value: string) => Promise<any>
  readonly list: () => Promise<any>
  readonly close: () => Promise<void>
}

/** An example's `main.ts` as a command; it runs the way this process runs. */
const command = (example: string, flags: ReadonlyArray<string>) => ({
  command: process.execPath,
  args: [...process.execArgv, `examples/${example}/main.ts`, ...flags]
})

/** Starts an example as a child process and talks to it over stdin and stdout. */
export const overStdio = (
  generation: Generation,
  example: string,
  ...flags: ReadonlyArray<string>
): Promise<DemoClient> => {
  const parameters = { ...command(example, flags), stderr: "ignore" as const }
  return generation === "v1" ? connectV1(new StdioV1(parameters)) : connectV2(new StdioV2(parameters))
}

/** Talks HTTP to a server that is running already, as the user that `token` names. */
export const overHttp = (generation: Generation, url: string, token: string): Promise<DemoClient> => {
  const options = { requestInit: { headers: { authorization: `Bearer ${token}` } } }
  return generation === "v1"
    ? connectV1(new HttpV1(new URL(url), options))
    : connectV2(new HttpV2(new URL(url), options))
}

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
      resolve({ url, stop, stderr: () => stderr.trim().split("\n") })
    })
    child.once("error", reject)
    ended.then((code) => reject(new Error(`${example} ended with ${code} before it listened:\n${stderr}`)))
  })

const connectV1 = async (transport: any): Promise<DemoClient> => {
  const client = new ClientV1({ name: "demo", version: "1.0.0" })
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

const connectV2 = async (transport: any): Promise<DemoClient> => {
  const client = new ClientV2(
    { name: "demo", version: "1.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } }
  )
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

const common = (client: any): Omit<DemoClient, "title" | "revision" | "call"> => ({
  read: (uri) => client.readResource({ uri }),
  prompt: (name, args) => client.getPrompt({ name, arguments: args }),
  complete: (uri, name, value) => client.complete({ ref: { type: "ref/resource", uri }, argument: { name, value } }),
  list: () => client.listTools(),
  close: () => client.close()
})
