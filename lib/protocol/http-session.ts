import type { Running } from "../runtime/app.ts"
import type { SessionChange, StoredSession } from "../services/session-store.ts"
import type { ClientResponse } from "./client-requests.ts"
import type { Handshaken } from "./handshake.ts"
import { LivePeer, type SharedPeer } from "./handshake-peer.ts"
import type { JsonRpcNotification, JsonRpcRequest } from "./json-rpc.ts"
import { KeptEvents } from "./kept-events.ts"
import { pinging } from "./pinging.ts"
import type { Refusal } from "./reasons.ts"
import { type SessionLink, sessionLink, type Word } from "./session-link.ts"
import { SessionStreams } from "./session-streams.ts"
import type { Stores } from "./stores.ts"

/** Who keeps the sessions. */
export interface SessionKeeper {
  readonly running: Running
  readonly stores: Stores
  /** A session may have nothing to do any more. */
  readonly idle: (session: HttpSession) => void
  /** Another process has ended it. */
  readonly ended: (session: HttpSession) => void
}

/** One HTTP session: its client, and the streams that lead to it. */
export class HttpSession extends LivePeer {
  readonly streams: SessionStreams
  readonly revision: string
  readonly kept: KeptEvents
  readonly shared: boolean
  readonly #keeper: SessionKeeper
  readonly #link: SessionLink | undefined
  #stopPinging: (() => void) | undefined

  /** The session of what `initialize` agreed on. */
  constructor(keeper: SessionKeeper, sessionId: string, agreed: Handshaken) {
    const { running, stores } = keeper
    super(
      running,
      sessionId,
      (notification) => this.streams.push(notification),
      () => keeper.idle(this),
      stores.sessions.shared ? sharedPeer(stores, sessionId, (word) => this.send(word)) : undefined
    )
    this.#keeper = keeper
    this.revision = agreed.revision
    this.kept = new KeptEvents(stores, sessionId)
    this.shared = stores.sessions.shared
    this.streams = new SessionStreams(this)
    this.agree(agreed)
    this.#link = stores.sessions.shared ? sessionLink(stores, sessionId, (word) => this.#hear(word)) : undefined
  }

  override deliver(notification: JsonRpcNotification): void {
    super.deliver(notification)
    this.send({ type: "notification", message: notification })
  }

  /** Takes a response to what this process, or another that serves the session, has asked. */
  answered(response: ClientResponse): void {
    if (!this.requests.receive(response)) this.send({ type: "response", message: response })
  }

  /** Tells the other processes that serve the session, where there are some. */
  send(word: Word): void {
    this.#link?.send(word)
  }

  /** The first GET stream is open. */
  opened(): void {
    const { running } = this.#keeper
    const write = (message: JsonRpcNotification | JsonRpcRequest) => void this.streams.push(message)
    this.#stopPinging ??= pinging(running, this.requests, write, () => this.streams.hangUp())
  }

  /** The last GET stream has closed. */
  closed(): void {
    this.#endPings()
    this.#keeper.idle(this)
  }

  /** Logs a failure of a store, and makes the refusal that stands for it. */
  failed(error: unknown): Refusal {
    return this.#keeper.stores.failed(error)
  }

  /** Settles once other processes that serve the session are heard; undefined where there is nothing to wait for. */
  get linked(): Promise<void> | undefined {
    return this.#link?.ready
  }

  /** Makes the session what the store says it is. */
  restore({ logLevel, subscriptions, visibility }: StoredSession): void {
    if (visibility !== undefined) this.apply({ type: "visibility", rules: visibility })
    if (logLevel !== undefined) this.apply({ type: "log-level", level: logLevel })
    for (const uri of subscriptions) this.apply({ type: "subscribed", uri })
    // a client that goes on at another process has initialized at the first
    this.subscriptions.begin()
  }

  /** Lets go of what was asked, told and subscribed to. `forGood`: nobody else goes on with the session. */
  release(forGood: boolean): void {
    this.#endPings()
    this.requests.close()
    this.subscriptions.close()
    this.streams.end()
    if (forGood || !this.kept.shared) this.kept.remove()
    if (forGood) this.send({ type: "ended" })
    this.#link?.close()
  }

  #endPings(): void {
    this.#stopPinging?.()
    this.#stopPinging = undefined
  }

  #hear(word: Word): void {
    switch (word.type) {
      case "response":
        this.requests.receive(word.message)
        return
      case "notification":
        super.deliver(word.message)
        return
      case "changed":
        this.apply(word.change)
        return
      case "ended":
        this.#keeper.ended(this)
        return
      default:
        this.streams.hear(word)
    }
  }
}

const sharedPeer = ({ sessions, fork }: Stores, sessionId: string, send: (word: Word) => void): SharedPeer => ({
  mark: `${globalThis.crypto.randomUUID().slice(0, 8)}-`,
  changed: (change: SessionChange) => {
    fork("The SessionStore did not keep a change of a session", sessions.update(sessionId, change))
    send({ type: "changed", change })
  }
})

/** What is stored of a session when it begins. */
export const storedOf = (agreed: Handshaken, owner: StoredSession["owner"]): StoredSession => ({
  revision: agreed.revision,
  capabilities: agreed.capabilities,
  clientInfo: agreed.clientInfo,
  owner,
  logLevel: undefined,
  subscriptions: []
})
