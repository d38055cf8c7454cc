import * as Effect from "effect/Effect"
import type { ComponentKind } from "../builder/component.ts"
import { PublicError } from "../builder/errors.ts"
import { admits } from "../runtime/admission.ts"
import type { Operation } from "../runtime/operation.ts"
import { servesResources } from "./core-methods.ts"
import { takesEvents } from "./exchange.ts"
import { resourceAt } from "./find.ts"
import { isRecord, type MethodRow, type Params, quoted, type WireRequest } from "./method.ts"
import { noticesOf, notificationOf } from "./notices.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { metaKeys } from "./revisions.ts"
import { mostUriCharacters, tooManyInAll } from "./subscriptions.ts"

const method = "subscriptions/listen"

/** 2026-07-28 basic/patterns/subscriptions: a stream of what the client asks to be told of, for as long as it wants. */
export const listen: MethodRow = {
  method,
  served: (running, catalogue) => running.assembly.changing.size > 0 || servesResources(running, catalogue),
  resolve: (params, wire) => {
    const filter = readFilter(params["notifications"], wire.running.assembly.subscriptions.maxSubscriptions)
    if ("reason" in filter) return filter
    return takesEvents(wire.sink) ? listening(wire, filter) : noEvents
  }
}

/** What is asked for, or what of it will be told. */
interface Filter {
  readonly kinds: ReadonlyArray<ComponentKind>
  readonly uris: ReadonlyArray<string>
}

const members = {
  tools: "toolsListChanged",
  prompts: "promptsListChanged",
  resources: "resourcesListChanged"
} as const satisfies Record<ComponentKind, string>

const names = Object.entries(members) as ReadonlyArray<[ComponentKind, string]>

const readFilter = (notifications: unknown, most: number): Filter | Refusal => {
  if (!isRecord(notifications)) {
    return invalid(`params.notifications must be an object, the notifications to send, not ${quoted(notifications)}.`)
  }
  for (const [, name] of names) {
    const wanted = notifications[name]
    if (wanted !== undefined && typeof wanted !== "boolean") {
      return invalid(`params.notifications.${name} must be true or false, not ${quoted(wanted)}.`)
    }
  }
  const { resourceSubscriptions: uris = [] } = notifications
  if (!Array.isArray(uris)) {
    return invalid(`params.notifications.resourceSubscriptions must be an array of URIs, not ${quoted(uris)}.`)
  }
  const odd = uris.findIndex((uri) => typeof uri !== "string")
  if (odd !== -1) {
    return invalid(
      `params.notifications.resourceSubscriptions[${odd}] must be a string, the URI of a resource, not ${quoted(uris[odd])}.`
    )
  }
  const unique = new Set<string>(uris)
  if (unique.size > most) {
    return invalid(`params.notifications.resourceSubscriptions names ${unique.size} resources; ${most} is the most.`)
  }
  return { kinds: names.flatMap(([kind, name]) => (notifications[name] === true ? [kind] : [])), uris: [...unique] }
}

/** Nothing is promised that cannot happen: lists that may change, and resources there are and that hooks admit. */
const honoured = ({ kinds, uris }: Filter, wire: WireRequest): Effect.Effect<Filter, never, any> => {
  const { running } = wire
  const admitted = Effect.filter(uris, (uri) => {
    const entry = uri.length > mostUriCharacters ? undefined : resourceAt(uri, wire)
    return entry === undefined ? Effect.succeed(false) : admits(running, entry, uri, method)
  })
  const changing = kinds.filter((kind) => running.assembly.changing.has(kind))
  return Effect.map(admitted, (uris) => ({ kinds: changing, uris }))
}

const listening = (wire: WireRequest, asked: Filter): Operation => {
  let ended = false
  let finish: (() => void) | undefined
  const onEnd = (given: () => void) => {
    finish = given
    if (ended) given()
  }
  return {
    type: "effect",
    effect: Effect.flatMap(honoured(asked, wire), (filter) => stream(wire, filter, onEnd)),
    end: () => {
      ended = true
      finish?.()
    }
  }
}

/** Tells of what is in the filter until `onEnd`'s function is called; where nothing is in it, that is at once. */
const stream = ({ running, id, sink }: WireRequest, { kinds, uris }: Filter, onEnd: (finish: () => void) => void) =>
  Effect.callback<unknown, PublicError>((resume) => {
    const notices = noticesOf(running)
    const leave = notices.enter()
    if (leave === undefined) {
      const message = tooManyListens(running.assembly.subscriptions.maxListens)
      return resume(Effect.fail(new PublicError(message)))
    }
    const meta: Params = Object.freeze({ [metaKeys.subscriptionId]: id })
    const subscriber = notices.open((notice) => sink.notify(notificationOf(notice, meta)))
    const close = () => {
      subscriber.close()
      leave()
    }
    if (!uris.every(subscriber.add, subscriber)) {
      close()
      return resume(Effect.fail(new PublicError(tooManyInAll)))
    }
    sink.notify(acknowledged({ kinds, uris }, meta))
    subscriber.kinds(kinds)
    let open = true
    const finish = () => {
      if (!open) return
      open = false
      subscriber.flush(true)
      close()
      resume(Effect.succeed({ _meta: meta }))
    }
    onEnd(finish)
    if (kinds.length === 0 && uris.length === 0) finish()
    return Effect.sync(() => {
      open = false
      close()
    })
  })

const acknowledged = ({ kinds, uris }: Filter, meta: Params) => ({
  jsonrpc: "2.0" as const,
  method: "notifications/subscriptions/acknowledged",
  params: {
    _meta: meta,
    notifications: {
      ...Object.fromEntries(kinds.map((kind) => [members[kind], true])),
      ...(uris.length === 0 ? undefined : { resourceSubscriptions: uris })
    }
  }
})

const tooManyListens = (most: number): string =>
  `This server has ${most} subscriptions/listen streams open, the most it takes: end one, or try again later.`

const noEvents = refusal(
  "not-acceptable",
  "subscriptions/listen is answered by a stream of events, which the request's Accept header or this server's operator does not admit."
)

const invalid = (message: string): Refusal => refusal("invalid-params", `${method}: ${message}`)
