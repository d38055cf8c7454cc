import * as Effect from "effect/Effect"
import { PublicError } from "../builder/errors.ts"
import type { Running } from "../runtime/app.ts"
import { findUri, resourceAt } from "./find.ts"
import { servesResources, unknownResource } from "./core-methods.ts"
import type { Room } from "./exchange.ts"
import type { JsonRpcNotification } from "./json-rpc.ts"
import { type MethodRow, type Params, quoted } from "./method.ts"
import { noticesOf, notificationOf, type Subscriber } from "./notices.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** Longest URI that is subscribed to, in characters: each is kept for as long as its session or stream is. */
export const mostUriCharacters = 4_096

/** What a handshake client is told of without asking each time (2025-11-25 server/resources, "Subscriptions"). */
export interface Subscriptions {
  /** Gives why it cannot be; undefined where it is, or was already. */
  readonly add: (uri: string) => string | undefined
  /** What is not subscribed to is ignored. */
  readonly remove: (uri: string) => void
  readonly uris: () => ReadonlyArray<string>
  /** The client has initialized: from now on it is told, beside its resources of lists that change. */
  readonly begin: () => void
  /** Nothing is told, or can be subscribed to, any more. */
  readonly close: () => void
}

/** No subscriptions yet. Where `push` has no room for more, what changes waits, each thing once. */
export const subscriptionsOf = (running: Running, push: (notification: JsonRpcNotification) => Room): Subscriptions => {
  const { changing, subscriptions } = running.assembly
  let subscriber: Subscriber | undefined
  let state: "waiting" | "begun" | "closed" = "waiting"

  /** 2025-11-25 basic/lifecycle: nothing but pings and logs before the client has initialized. */
  const begun = () => state === "begun"

  const opened = (): Subscriber => {
    subscriber ??= noticesOf(running).open((notice) => push(notificationOf(notice)), begun)
    return subscriber
  }

  return {
    add: (uri) => {
      if (state === "closed") return "The session of this request has ended."
      const known = opened()
      if (known.has(uri)) return undefined
      const most = subscriptions.maxSubscriptions
      if (known.size() >= most) {
        return `This session subscribes to ${most} resources already, the most it may: unsubscribe from others first.`
      }
      return known.add(uri) ? undefined : tooManyInAll
    },
    remove: (uri) => subscriber?.remove(uri),
    uris: () => (subscriber === undefined ? [] : [...subscriber.uris()]),
    begin: () => {
      if (state !== "waiting") return
      state = "begun"
      if (changing.size > 0) opened().kinds(changing)
      subscriber?.flush()
    },
    close: () => {
      state = "closed"
      subscriber?.close()
      subscriber = undefined
    }
  }
}

export const tooManyInAll = "Clients subscribe to as many resources already as this server remembers: try again later."

const subscribe: MethodRow = {
  method: "resources/subscribe",
  served: servesResources,
  resolve: (params, request) => {
    const { subscriptions } = request
    const uri = uriOf("resources/subscribe", params)
    if (typeof uri !== "string") return uri
    const entry = findUri(uri, params, request)
    if (entry === undefined) return unknownResource(uri)
    if ("reason" in entry) return entry
    if (subscriptions === undefined) return noSession
    if (uri.length > mostUriCharacters) {
      const message = `resources/subscribe: a URI of more than ${mostUriCharacters} characters cannot be subscribed to.`
      return refusal("invalid-params", message)
    }
    const add = Effect.suspend(() => {
      const refused = subscriptions.add(uri)
      return refused === undefined ? Effect.succeed({}) : Effect.fail(new PublicError(refused))
    })
    return { type: "effect", effect: add, entry, uri }
  }
}

const unsubscribe: MethodRow = {
  method: "resources/unsubscribe",
  served: servesResources,
  resolve: (params, request) => {
    const { subscriptions } = request
    const uri = uriOf("resources/unsubscribe", params)
    if (typeof uri !== "string") return uri
    if (subscriptions === undefined) return noSession
    const remove = Effect.sync(() => {
      subscriptions.remove(uri)
      return {}
    })
    // the resource may be gone by now
    return { type: "effect", effect: remove, entry: resourceAt(uri, request), uri }
  }
}

export const subscriptionMethods: ReadonlyArray<MethodRow> = [subscribe, unsubscribe]

const uriOf = (method: string, { uri }: Params): string | Refusal =>
  typeof uri === "string"
    ? uri
    : refusal("invalid-params", `${method}: params.uri must be a string, the URI of a resource, not ${quoted(uri)}.`)

const noSession = refusal(
  "invalid-request",
  "Subscriptions need a session: send the Mcp-Session-Id that the answer to initialize had, if this server has sessions."
)
