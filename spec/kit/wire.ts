import { type AssembleOptions, assemble, type MessageTransport, type Serving, serve } from "mcpipe"
import type { AnyServer } from "../../lib/builder/server.ts"
import { type App, isApp } from "../../lib/runtime/app.ts"

/** A peer that speaks raw messages in memory, with no SDK to smooth anything over. */
export interface Wire extends AsyncDisposable {
  readonly app: App
  /** Hands the server one message as it is. */
  readonly send: (message: unknown) => void
  /** Everything the server sent, in order. */
  readonly received: ReadonlyArray<any>
  /** The first message that fits, sent already or to come. */
  readonly next: (fits: (message: any) => boolean) => Promise<any>
  /** Sends a request under a fresh id and waits for its answer. */
  readonly request: (method: string, params?: object) => Promise<any>
  /** Calls a tool; the `result` of its answer. */
  readonly call: (name: string, args?: object, meta?: object) => Promise<any>
  /** Calls a tool; the text of its result. */
  readonly text: (name: string, args?: object) => Promise<string>
  /** The id that the latest `request` or `call` went under. */
  readonly lastId: () => number
  readonly notify: (method: string, params?: object) => void
  /** Goes away as a broken connection does. */
  readonly leave: () => void
  readonly close: () => Promise<void>
}

export interface WireOptions {
  /** `"sessionless"` puts the 2026-07-28 envelope on each request; a revision shakes hands first. Default sessionless. */
  readonly speak?: "sessionless" | "2024-11-05" | "2025-03-26" | "2025-06-18" | "2025-11-25" | "nothing" | undefined
  readonly capabilities?: object | undefined
  readonly dev?: boolean | undefined
  readonly maxRounds?: number | undefined
  readonly assemble?: AssembleOptions | undefined
  /** Milliseconds calls in flight may take at the end. Default 0. */
  readonly gracePeriod?: number | undefined
}

/** The envelope of 2026-07-28, and whatever else `_meta` shall hold. */
export const envelope = (capabilities: object = {}, more: object = {}) => ({
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": capabilities,
  "io.modelcontextprotocol/clientInfo": { name: "wire", version: "1" },
  ...more
})

/**
 * Serves a server, or an app, to a raw peer in this process.
 * @example await using wire = await connectWire(server(…).tool(add)); await wire.call("add", { a: 1, b: 2 })
 */
export const connectWire = async (served: AnyServer | App, options: WireOptions = {}): Promise<Wire> => {
  const { speak = "sessionless", capabilities = {}, gracePeriod = 0 } = options
  const app: App = isApp(served)
    ? served
    : assemble(served as never, { dev: options.dev, maxRounds: options.maxRounds, ...options.assemble })
  const received: Array<any> = []
  const waiting = new Set<() => void>()
  const transport: MessageTransport = {
    start: async () => {},
    send: async (message) => {
      received.push(message)
      for (const look of [...waiting]) look()
    },
    close: async () => {}
  }
  const serving: Serving = await serve(app, { transport, signals: false, gracePeriod })
  const next = (fits: (message: any) => boolean): Promise<any> =>
    new Promise((resolve) => {
      const look = () => {
        const found = received.find(fits)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  let id = 0
  const send = (message: unknown) => transport.onmessage!(message)
  const request = (method: string, params: object = {}) => {
    const mine = ++id
    const { _meta, ...rest } = params as { _meta?: object }
    const whole = speak === "sessionless" ? { ...rest, _meta: envelope(capabilities, _meta) } : params
    send({ jsonrpc: "2.0", id: mine, method, params: whole })
    return next((message) => message.id === mine && message.method === undefined)
  }
  const call = async (name: string, args: object = {}, meta?: object) => {
    const params = { name, arguments: args, ...(meta === undefined ? undefined : { _meta: meta }) }
    const answer = await request("tools/call", params)
    if (answer.result === undefined) throw new Error(`tools/call ${name}: ${JSON.stringify(answer.error)}`)
    return answer.result
  }
  const close = async () => {
    await serving.close()
    if (!isApp(served)) await app.dispose()
  }
  if (speak !== "sessionless" && speak !== "nothing") {
    const clientInfo = { name: "wire", version: "1" }
    await request("initialize", { protocolVersion: speak, capabilities, clientInfo })
    send({ jsonrpc: "2.0", method: "notifications/initialized" })
  }
  return {
    app,
    send,
    received,
    next,
    request,
    call,
    text: async (name, args) => (await call(name, args)).content.map((item: any) => item.text).join("\n"),
    lastId: () => id,
    notify: (method, params) => send({ jsonrpc: "2.0", method, params }),
    leave: () => transport.onclose?.(),
    close,
    [Symbol.asyncDispose]: close
  }
}

/** A promise and its resolver, to hold something until a spec says so. */
export const gate = <A = void>() => {
  let open!: (value: A) => void
  const opened = new Promise<A>((resolve) => {
    open = resolve
  })
  return { open, opened }
}
