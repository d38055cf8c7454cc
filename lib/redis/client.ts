import { DefinitionError } from "../builder/errors.ts"

/** What is used of a client of `ioredis` 5 or 6: a `Redis`, with or without Sentinels, or a `Cluster`. */
export interface IoredisClient {
  readonly status: string
  call(command: string, ...args: Array<string>): Promise<unknown>
  subscribe(...channels: Array<string>): Promise<unknown>
  unsubscribe(...channels: Array<string>): Promise<unknown>
  duplicate(...args: Array<any>): IoredisClient
  disconnect(): void
  on(event: string, listener: (...args: Array<any>) => void): unknown
  off(event: string, listener: (...args: Array<any>) => void): unknown
}

/** What is used of a client of `redis` 5 or 6, made by `createClient` or `createCluster`. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  sendCommand(...args: Array<any>): Promise<unknown>
  subscribe(channel: string, listener: (...args: Array<any>) => void): Promise<unknown>
  unsubscribe(channel: string, listener: (...args: Array<any>) => void): Promise<unknown>
  duplicate(): NodeRedisClient
  connect(): Promise<unknown>
  destroy(): unknown
  on(event: string, listener: (...args: Array<any>) => void): unknown
  off(event: string, listener: (...args: Array<any>) => void): unknown
}

/** A client of one of the two packages, told apart by its shape. */
export type RedisClient = IoredisClient | NodeRedisClient

/** Either client, as the stores use it. */
export interface Driver {
  /** Sends a command as it is; `key` tells which node of a cluster it is for. Equal keys keep the order in which they are sent. */
  readonly send: (key: string | undefined, command: string, args: ReadonlyArray<string>) => Promise<unknown>
  /** Whether nothing can be sent until somebody connects the client. */
  readonly closed: () => boolean
  /** Hears that the connection is in trouble, until it is taken back. A client of `redis` that nobody hears ends the process. */
  readonly onError: (listener: (error: unknown) => void) => () => void
  /** Opens a connection of its own for messages, with the same settings; `hear` never throws. */
  readonly listen: (hear: (channel: string, text: string) => void, onError: (error: unknown) => void) => Listening
}

/** A connection for messages. Channels are subscribed to again after it was lost. */
export interface Listening {
  /** Settles once messages are heard. */
  readonly subscribe: (channel: string) => Promise<unknown>
  readonly unsubscribe: (channel: string) => Promise<unknown>
  readonly close: () => void
}

/** Throws a DefinitionError for what is no client of either package. */
export const driverOf = (client: RedisClient): Driver => {
  const given: any = client
  if (typeof given?.duplicate === "function" && typeof given.on === "function") {
    if (typeof given.call === "function" && typeof given.status === "string") return ioredis(given)
    if (typeof given.sendCommand === "function" && typeof given.isOpen === "boolean" && !("getSentinelNode" in given)) {
      return nodeRedis(given)
    }
  }
  throw new DefinitionError(
    "mcpipe/redis: the client is of no kind that is known; pass createClient() or createCluster() of redis 5 or 6, " +
      "connected, or new Redis() or new Cluster() of ioredis 5 or 6, which knows Sentinels too."
  )
}

const heard =
  (client: RedisClient) =>
  (listener: (error: unknown) => void): (() => void) => {
    client.on("error", listener)
    return () => void client.off("error", listener)
  }

const ioredis = (client: IoredisClient): Driver => ({
  send: (_, command, args) => client.call(command, ...args),
  closed: () => client.status === "end",
  onError: heard(client),
  listen: (hear, onError) => {
    // what is asked for early waits for the connection, whatever the client was told to do with commands
    const settings = { autoResubscribe: true, enableOfflineQueue: true, lazyConnect: false }
    const own = "isCluster" in client && client.isCluster ? client.duplicate([], settings) : client.duplicate(settings)
    own.on("error", onError)
    own.on("message", hear)
    return {
      subscribe: (channel) => own.subscribe(channel),
      unsubscribe: (channel) => own.unsubscribe(channel),
      close: () => own.disconnect()
    }
  }
})

/** The client may be told to answer with buffers, which these stores are not. */
const texts = { typeMapping: {} }

const nodeRedis = (client: NodeRedisClient): Driver => {
  const isCluster = "slots" in client
  return {
    send: (key, command, args) =>
      isCluster
        ? client.sendCommand(key, false, [command, ...args], texts)
        : client.sendCommand([command, ...args], texts),
    closed: () => !client.isOpen,
    onError: heard(client),
    listen: (hear, onError) => {
      const own = client.duplicate()
      own.on("error", onError)
      const listener = (text: string, channel: string) => hear(channel, text)
      const connected = own.connect()
      connected.catch(onError)
      return {
        subscribe: (channel) => connected.then(() => own.subscribe(channel, listener)),
        unsubscribe: (channel) => connected.then(() => own.unsubscribe(channel, listener)),
        close: () => {
          try {
            own.destroy()
          } catch {
            // it has closed already
          }
        }
      }
    }
  }
}
