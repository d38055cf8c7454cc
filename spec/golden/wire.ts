import { type App, type MessageTransport, serve } from "mcpipe"

/** A peer of a duplex connection that speaks only what a spec writes down. */
export interface Wire extends AsyncDisposable {
  readonly send: (message: unknown) => void
  /** The next message from the server. */
  readonly next: () => Promise<unknown>
  /** Sends a message and takes the next one. */
  readonly ask: (message: unknown) => Promise<unknown>
}

/** Whatever `serve` takes. */
type Served = App | { readonly "~mcpipe/Server": unknown }

/** Connects to a server through a transport written by hand. */
export const connect = async (server: Served): Promise<Wire> => {
  const unread: Array<unknown> = []
  const readers: Array<(message: unknown) => void> = []
  const transport: MessageTransport = {
    start: async () => {},
    close: async () => {},
    send: async (message) => {
      const reader = readers.shift()
      if (reader === undefined) unread.push(message)
      else reader(message)
    }
  }
  const serving = await serve(server as any, { transport, signals: false, gracePeriod: 0 })
  const send = (message: unknown) => transport.onmessage!(message)
  const next = () =>
    unread.length > 0 ? Promise.resolve(unread.shift()) : new Promise((resolve) => readers.push(resolve))
  return {
    send,
    next,
    ask: (message) => {
      send(message)
      return next()
    },
    [Symbol.asyncDispose]: serving.close
  }
}

/** Connects and shakes hands at a revision. */
export const shakenHands = async (server: Served, protocolVersion: string): Promise<Wire> => {
  const wire = await connect(server)
  await wire.ask({
    jsonrpc: "2.0",
    id: "init",
    method: "initialize",
    params: { protocolVersion, capabilities: {}, clientInfo: { name: "by-hand", version: "0" } }
  })
  wire.send({ jsonrpc: "2.0", method: "notifications/initialized" })
  return wire
}
