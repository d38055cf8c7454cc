import { Effect, EventStore, type FetchHandler, Progress, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { calling, headersOf } from "./process.ts"

/** A server with a tool of each kind; `seen` gets what each call was given. Streams are kept in `keptBytes` at most. */
export const soaked = (keptBytes: number, seen: (args: object) => void = () => {}) => {
  const add = tool({ name: "add", input: { a: v.number(), b: v.number() } }, (args) => {
    seen(args)
    return args.a + args.b
  })
  const later = tool({ name: "later", input: { n: v.number() } }, (args) => {
    seen(args)
    return Effect.as(Effect.yieldNow, "later")
  })
  const promised = tool({ name: "promised", input: { n: v.number() } }, async (args) => {
    seen(args)
    await new Promise((resolve) => setImmediate(resolve))
    return "promised"
  })
  const steps = tool({ name: "steps", input: { n: v.number() } }, (args) => {
    seen(args)
    return Effect.as(Progress.report(1, 1, "one"), "told")
  })
  const fails = tool({ name: "fails", input: { n: v.number() } }, (args) => {
    seen(args)
    return Effect.fail(new ToolError("no"))
  })
  return server({ name: "soak", version: "1" })
    .add(add, later, promised, steps, fails)
    .provide(EventStore.layerMemory({ maxBytes: keptBytes }))
}

const kinds = [
  (n: number) => ["add", { a: n, b: 2 }],
  (n: number) => ["later", { n }],
  (n: number) => ["promised", { n }],
  (n: number) => ["steps", { n }],
  (n: number) => ["fails", { n }],
  () => ["add", { a: "one" }],
  (n: number) => [`nowhere_${n}`, {}]
] as ReadonlyArray<(n: number) => readonly [name: string, args: object]>

/** Kinds that reach a handler. */
export const handled = 5 / kinds.length

/** One message and its headers. */
export interface Call {
  readonly message: { readonly id: string | number; readonly method: string; readonly params: any }
  readonly headers: Readonly<Record<string, string>>
}

/** Calls of all kinds in turn, of 2026-07-28. */
export const sessionless = (id: number): Call => {
  const message = calling(id, ...kinds[id % kinds.length]!(id), { progressToken: id })
  return { message, headers: headersOf(message) }
}

/** The same in a session, whose headers these are. */
export const inSession = (id: number, headers: Readonly<Record<string, string>> = {}): Call => {
  const [name, args] = kinds[id % kinds.length]!(id)
  const params = { name, arguments: args, _meta: { progressToken: id } }
  return { message: { jsonrpc: "2.0", id, method: "tools/call", params } as Call["message"], headers }
}

const json = { "content-type": "application/json", accept: "application/json, text/event-stream" }

/** Posts it and reads all of the answer. */
export const ask = async (handler: FetchHandler, { message, headers }: Call) => {
  const body = JSON.stringify(message)
  const response = await handler(new Request("http://localhost/mcp", { method: "POST", headers, body }))
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Shakes hands; the headers of what belongs to the session. */
export const begin = async (handler: FetchHandler): Promise<Record<string, string>> => {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "soak", version: "1" } }
  const message = { jsonrpc: "2.0", id: "init", method: "initialize", params } as Call["message"]
  const { headers } = await ask(handler, { message, headers: json })
  return { ...json, "mcp-session-id": headers.get("mcp-session-id")!, "mcp-protocol-version": "2025-11-25" }
}
