import * as Effect from "effect/Effect"
import { type ComponentKind, componentKinds } from "../builder/component.ts"
import { findResource } from "../runtime/catalogue.ts"
import type { Running } from "../runtime/app.ts"
import type { Entry } from "../runtime/entry.ts"
import type { Change } from "../services/changes.ts"
import type { Room } from "./exchange.ts"
import type { JsonRpcNotification } from "./json-rpc.ts"
import type { Params } from "./method.ts"

/** What one client can be told: that lists of a kind are not what they were, or, by its URI, that a resource is not. */
export type Notice = ComponentKind | (string & {})

/** One client that is told of changes. What waits to be told is there once, however often it changed. */
export interface Subscriber {
  readonly kinds: (kinds: Iterable<ComponentKind>) => void
  /** Tells of a resource from now on; false where all clients together subscribe to as much as is remembered. */
  readonly add: (uri: string) => boolean
  readonly has: (uri: string) => boolean
  readonly remove: (uri: string) => void
  readonly uris: () => Iterable<string>
  readonly size: () => number
  /** Tells at once what waits: as far as there is room, or all of it. */
  readonly flush: (all?: boolean) => void
  /** Tells nothing more. */
  readonly close: () => void
}

/** All clients of a running app that are told of changes: one listener and one turn serve them all. */
export interface Notices {
  /** `send` says where there is no room for more; what changes then waits, as it does for as long as `ready` says no. */
  readonly open: (send: (notice: Notice) => Room, ready?: () => boolean) => Subscriber
  /** Takes a place among `subscriptions/listen` streams; undefined where there is none left. Gives how to leave it. */
  readonly enter: () => (() => void) | undefined
}

const hubs = new WeakMap<Running, Notices>()

export const noticesOf = (running: Running): Notices => {
  let hub = hubs.get(running)
  if (hub === undefined) {
    hub = makeNotices(running)
    hubs.set(running, hub)
  }
  return hub
}

/** What all clients together may subscribe to, in characters; a URI takes its own and these for its places in maps and sets. */
const mostCharacters = 33_554_432
const placeCharacters = 128

const makeNotices = (running: Running): Notices => {
  const byKind: Readonly<Record<ComponentKind, Set<Told>>> = {
    tools: new Set(),
    resources: new Set(),
    prompts: new Set()
  }
  const byUri = new Map<string, Set<Told>>()
  const waiting = new Set<Told>()
  let characters = 0
  let listens = 0
  let scheduled = false

  /** In a turn of its own: whatever changed in this one is told once. */
  const schedule = () => {
    if (scheduled) return
    scheduled = true
    Effect.runFork(
      Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          scheduled = false
          const told = [...waiting]
          waiting.clear()
          for (const one of told) one.flush()
        })
      )
    )
  }

  const tell = (told: Iterable<Told> | undefined, notice: Notice) => {
    if (told === undefined) return
    for (const one of told) {
      one.pending.add(notice)
      waiting.add(one)
    }
    if (waiting.size > 0) schedule()
  }

  const changed = (change: Change) => {
    if (change.type === "catalogue-changed") {
      for (const kind of change.kinds) tell(byKind[kind], kind)
      return
    }
    const { uri } = change.ref
    const catalogue = running.catalogue()
    const family = catalogue.templatesByUri.get(uri)
    if (family === undefined) return tell(byUri.get(uri), uri)
    // what only some callers see may stand before it for some of them
    const before = (entry: Entry) => entry === family || entry.visible === undefined
    for (const [member, told] of byUri) if (findResource(catalogue, member, before) === family) tell(told, member)
  }

  class Told implements Subscriber {
    readonly #send: (notice: Notice) => Room
    readonly #ready: (() => boolean) | undefined
    readonly #uris = new Set<string>()
    readonly pending = new Set<Notice>()
    #waits = false

    constructor(send: (notice: Notice) => Room, ready: (() => boolean) | undefined) {
      this.#send = send
      this.#ready = ready
    }

    kinds(kinds: Iterable<ComponentKind>): void {
      for (const kind of kinds) byKind[kind].add(this)
    }

    add(uri: string): boolean {
      if (this.#uris.has(uri)) return true
      const cost = uri.length + placeCharacters
      if (characters + cost > mostCharacters) return false
      characters += cost
      this.#uris.add(uri)
      const told = byUri.get(uri)
      if (told === undefined) byUri.set(uri, new Set([this]))
      else told.add(this)
      return true
    }

    has(uri: string): boolean {
      return this.#uris.has(uri)
    }

    remove(uri: string): void {
      if (!this.#uris.delete(uri)) return
      characters -= uri.length + placeCharacters
      this.pending.delete(uri)
      const told = byUri.get(uri)!
      told.delete(this)
      if (told.size === 0) byUri.delete(uri)
    }

    uris(): Iterable<string> {
      return this.#uris
    }

    size(): number {
      return this.#uris.size
    }

    flush(all = false): void {
      if (this.#ready?.() === false || (this.#waits && !all)) return
      for (const notice of this.pending) {
        this.pending.delete(notice)
        const room = this.#send(notice)
        if (room === undefined || all) continue
        this.#waits = true
        room.then(() => {
          this.#waits = false
          this.flush()
        })
        return
      }
    }

    close(): void {
      for (const kind of componentKinds) byKind[kind].delete(this)
      for (const uri of [...this.#uris]) this.remove(uri)
      waiting.delete(this)
      this.pending.clear()
    }
  }

  running.onChange(changed)
  return {
    open: (send, ready) => new Told(send, ready),
    enter: () => {
      if (listens >= running.assembly.subscriptions.maxListens) return undefined
      listens++
      return () => {
        listens--
      }
    }
  }
}

/** A notice as it is sent; `meta` says which stream it is for (2026-07-28 basic/patterns/subscriptions). */
export const notificationOf = (notice: Notice, meta?: Params): JsonRpcNotification => {
  const _meta = meta === undefined ? undefined : { _meta: meta }
  if ((componentKinds as ReadonlyArray<string>).includes(notice)) {
    const method = `notifications/${notice}/list_changed`
    return _meta === undefined ? { jsonrpc: "2.0", method } : { jsonrpc: "2.0", method, params: _meta }
  }
  return { jsonrpc: "2.0", method: "notifications/resources/updated", params: { ..._meta, uri: notice } }
}
