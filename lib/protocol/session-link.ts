import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { SessionChange } from "../services/session-store.ts"
import type { ClientResponse } from "./client-requests.ts"
import type { JsonRpcNotification } from "./json-rpc.ts"
import { isRecord } from "./method.ts"
import type { Stores } from "./stores.ts"

/** What processes that serve one session tell each other. */
export type Word =
  /** The client answered what somebody else asked. */
  | { readonly type: "response"; readonly message: ClientResponse }
  /** The client told something, such as that it cancels a request. */
  | { readonly type: "notification"; readonly message: JsonRpcNotification }
  | { readonly type: "changed"; readonly change: SessionChange }
  /** The client goes on with a stream on a new connection. */
  | { readonly type: "taken"; readonly key: string }
  /** The client has a GET stream here, or has none here any more. */
  | { readonly type: "listening"; readonly on: boolean }
  /** Whoever has a GET stream of the client shall say so. */
  | { readonly type: "hello" }
  /** A message for the client's GET stream, wherever that is; `keep` is as in the outbox. */
  | { readonly type: "push"; readonly message: string; readonly keep: boolean }
  | { readonly type: "ended" }

/** The link of one session to the other processes that serve it. */
export interface SessionLink {
  /** Settles once others are heard; what the client answers at one of them before that would be lost. */
  readonly ready: Promise<void> | undefined
  /** Tells the others; never throws. A relay that fails is logged. */
  readonly send: (word: Word) => void
  readonly close: () => void
}

/** Links a session over the relay of the session store, if that has one. `hear` is called with what others tell. */
export const sessionLink = (
  { sessions: { relay }, fork, failed }: Stores,
  session: string,
  hear: (word: Word) => void
): SessionLink => {
  if (relay === undefined) return { ready: undefined, send: () => {}, close: () => {} }
  const scope = Scope.makeUnsafe()
  const me = globalThis.crypto.randomUUID()
  const publish = (word: Word) => relay.publish(session, JSON.stringify({ from: me, word }))
  const listener = (text: string) => {
    const word = readWord(text, me)
    try {
      if (word !== undefined) hear(word)
    } catch (error) {
      // not a word of this library's: whoever relays must not stumble over it
      failed(error)
    }
  }
  const subscribe = Scope.provide(relay.subscribe(session, listener), scope)
  const ready = fork(
    "The relay of the SessionStore cannot be heard",
    Effect.andThen(subscribe, publish({ type: "hello" }))
  )
  return {
    ready,
    send: (word) => void fork(`The relay of the SessionStore did not carry a ${word.type}`, publish(word)),
    close: () => void fork("The relay of the SessionStore was not left", Scope.close(scope, Exit.void))
  }
}

/** Undefined for one's own words, and for what is none: nobody knows who else writes to the channel. */
const readWord = (text: string, me: string): Word | undefined => {
  try {
    const told: unknown = JSON.parse(text)
    return isRecord(told) && told["from"] !== me && isRecord(told["word"]) ? (told["word"] as Word) : undefined
  } catch {
    return undefined
  }
}
