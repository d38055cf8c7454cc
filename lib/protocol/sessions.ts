import type { Running } from "../runtime/app.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { StoredSession } from "../services/session-store.ts"
import type { Reply, SessionLimits } from "./exchange.ts"
import type { Handshaken } from "./handshake.ts"
import { HttpSession, type SessionKeeper, storedOf } from "./http-session.ts"
import type { RequestId } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { errorOf, type Refusal, refusal, statusOf } from "./reasons.ts"
import { Recency } from "./recency.ts"
import { isHandshakeRevision } from "./revisions.ts"
import { storesOf } from "./stores.ts"

export interface SessionsOptions extends SessionLimits {
  /** Most characters of JSON that all clients together may have said of themselves. Default 32 Mi. */
  readonly mostCharacters?: number | undefined
  /** Milliseconds from any start, never backwards. Default `performance.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * The HTTP sessions of one endpoint (2025-11-25 basic/transports, "Session Management"). They are kept in this process; where
 * the app's `SessionStore` is shared, other processes know what they need to go on with them.
 */
export interface Sessions {
  /**
   * Begins one for whoever sent this `initialize`. Undefined where all places are taken by sessions with requests in flight.
   * A refusal where the client says more of itself than is remembered.
   */
  readonly begin: (agreed: Handshaken, principal: PrincipalShape) => HttpSession | Refusal | undefined
  /** Settles once other processes can find a session that began here; undefined where none has to. Rejects with a refusal where the store fails. */
  readonly stored: (session: HttpSession) => Promise<void> | undefined
  /**
   * The session of this id, which only the principal that began it can reach; to all others it is unknown. A promise where the
   * store has to be asked, which never rejects.
   */
  readonly find: (id: string, principal: PrincipalShape) => HttpSession | Refusal | Promise<HttpSession | Refusal>
  /**
   * Ends one here: its requests in flight are refused, what its client was asked fails, and its streams end. Settles once no
   * other process can find it; undefined where none could. Rejects with a refusal where the store fails.
   */
  readonly end: (session: HttpSession) => Promise<void> | undefined
  readonly size: () => number
}

type Owner = StoredSession["owner"]

interface Place {
  readonly session: HttpSession
  readonly owner: Owner
  readonly characters: number
  used: number
  /** When the store last heard that it is in use. */
  touched: number
  stored: Promise<void> | undefined
}

/** What one client may say of itself, in characters of JSON: it is kept for as long as the session is. */
const mostOfOne = 65_536

/** How many may end at once: a hundred thousand would hold the loop for 200 ms. */
const mostAtOnce = 1_000

/**
 * No sessions yet. Without a shared store nothing here holds a timer for long: whatever is due to end does so when sessions
 * are next begun, found or counted, and where it is much, in the turns of the event loop after that.
 */
export const sessionsOf = (running: Running, options: SessionsOptions = {}): Sessions => {
  const { idleTimeout = 1_800_000, max = 10_000, mostCharacters = 33_554_432, now = () => performance.now() } = options
  const places = new Recency<Place>()
  const loading = new Map<string, Promise<Place | undefined>>()
  let keeper: SessionKeeper | undefined
  let characters = 0
  let timer: ReturnType<typeof setInterval> | undefined
  let sweeping = false

  /** Made with the first session: an endpoint may never have one. */
  const kept = (): SessionKeeper => {
    keeper ??= {
      running,
      stores: storesOf(running),
      idle: ({ sessionId }) => {
        const place = places.get(sessionId)
        if (place !== undefined) touch(place)
      },
      ended: ({ sessionId }) => {
        const place = places.get(sessionId)
        if (place !== undefined) remove(place, false)
      }
    }
    return keeper
  }

  const isShared = (): boolean => keeper?.stores.sessions.shared === true

  const touch = (place: Place) => {
    place.used = now()
    places.touch(place.session.sessionId)
    if (isShared() && place.used - place.touched > idleTimeout / 8) touchStored(place)
  }

  const touchStored = (place: Place) => {
    const { sessions, now: run, failed } = kept().stores
    place.touched = now()
    const heard = (known: boolean) => {
      if (!known) remove(place, true)
    }
    try {
      const known = run(sessions.touch(place.session.sessionId, idleTimeout))
      if (known instanceof Promise) known.then(heard, failed)
      else heard(known)
    } catch (error) {
      failed(error)
    }
  }

  /** `forGood`: nobody goes on with it; else this process only has forgotten it. */
  const remove = ({ session, characters: freed }: Place, forGood: boolean) => {
    if (!places.delete(session.sessionId)) return
    characters -= freed
    session.inFlight.drop(endedReply)
    session.release(forGood)
  }

  const isBusy = ({ session }: Place): boolean => session.inFlight.size() > 0 || session.streams.listening

  const isDue = ({ used }: Place): boolean => used <= now() - idleTimeout

  /** A session in use goes to the end of the queue. */
  const sweep = () => {
    let left = mostAtOnce
    for (let place = places.oldest; place !== undefined && isDue(place); place = places.oldest) {
      if (left-- === 0) return sweepLater()
      if (isBusy(place)) touch(place)
      else remove(place, !isShared())
    }
  }

  const sweepLater = () => {
    if (sweeping) return
    sweeping = true
    setTimeout(() => {
      sweeping = false
      sweep()
    })
  }

  /** Those that only listen make room; those with requests in flight do not. */
  const makeRoom = (needed: number): boolean => {
    for (let left = places.size; places.size >= max || characters + needed > mostCharacters; left--) {
      const place = places.oldest
      if (place === undefined || left === 0) return false
      if (place.session.inFlight.size() > 0) touch(place)
      else remove(place, !isShared())
    }
    return true
  }

  /** Undefined where there is no room for it. */
  const add = (id: string, agreed: Handshaken, owner: Owner): Place | undefined => {
    const needed = charactersOf(agreed)
    sweep()
    if (!makeRoom(needed)) return undefined
    const time = now()
    const place: Place = {
      session: new HttpSession(kept(), id, agreed),
      owner,
      characters: needed,
      used: time,
      touched: time,
      stored: undefined
    }
    places.add(id, place)
    characters += needed
    if (isShared()) keepStored()
    return place
  }

  /** A session that only listens sends nothing that would tell the store that it is in use. */
  const keepStored = () => {
    if (timer !== undefined) return
    timer = setInterval(() => {
      sweep()
      if (running.ending() || places.size === 0) {
        clearInterval(timer)
        timer = undefined
      }
      for (const place of places.values()) if (isBusy(place)) touchStored(place)
    }, idleTimeout / 4)
    // a number in browsers and Workers
    if (typeof timer === "object") timer.unref()
  }

  /** A session that began at another process; undefined where none did. */
  const load = async (id: string): Promise<Place | undefined> => {
    const { sessions, now: run } = kept().stores
    const stored = await run(sessions.get(id))
    if (stored === undefined || !isHandshakeRevision(stored.revision)) return undefined
    const { revision, capabilities, clientInfo } = stored
    const place = add(id, { revision, capabilities, clientInfo }, stored.owner)
    if (place === undefined) throw new Error("No session can be taken over: all have requests in flight.")
    place.session.restore(stored)
    await place.session.linked
    return place
  }

  const loaded = (id: string): Promise<Place | undefined> => {
    let one = loading.get(id)
    if (one === undefined) {
      one = load(id).finally(() => loading.delete(id))
      loading.set(id, one)
    }
    return one
  }

  /** Known here, and not just waiting for its turn to be forgotten. */
  const known = (id: string): Place | undefined => {
    const place = places.get(id)
    if (place === undefined || !isDue(place) || isBusy(place)) return place
    remove(place, !isShared())
    return undefined
  }

  const found = (place: Place | undefined, id: string, principal: PrincipalShape): HttpSession | Refusal => {
    if (place === undefined || !isSame(place.owner, principal)) return unknownSession(id)
    touch(place)
    return place.session
  }

  return {
    begin: (agreed, principal) => {
      const needed = charactersOf(agreed)
      if (needed > mostOfOne) return tooMuch(needed)
      const owner = { id: principal.id, anonymous: principal.anonymous }
      const id = newId()
      const place = add(id, agreed, owner)
      if (place === undefined) return undefined
      const { sessions, now: run, failed } = kept().stores
      if (sessions.shared) {
        const create = async () => {
          await Promise.all([run(sessions.create(id, storedOf(agreed, owner), idleTimeout)), place.session.linked])
        }
        place.stored = create().catch((error) => Promise.reject(failed(error)))
        place.stored.catch(() => {})
      }
      return place.session
    },
    stored: ({ sessionId }) => places.get(sessionId)?.stored,
    find: (id, principal) => {
      sweep()
      const place = known(id)
      if (place !== undefined) return found(place, id, principal)
      const { sessions, failed } = kept().stores
      if (!sessions.shared || !isId(id)) return unknownSession(id)
      return loaded(id).then((place) => found(place, id, principal), failed)
    },
    end: ({ sessionId }) => {
      const place = places.get(sessionId)
      if (place === undefined) return undefined
      const { sessions, now: run, failed } = kept().stores
      const forget = async () => {
        await run(sessions.remove(sessionId))
      }
      // first of all: others that hear of the end must not find it there any more
      const forgotten = sessions.shared ? forget().catch((error) => Promise.reject(failed(error))) : undefined
      // it is logged even where nobody waits for it
      forgotten?.catch(() => {})
      remove(place, true)
      return forgotten
    },
    size: () => {
      sweep()
      return places.size
    }
  }
}

const charactersOf = ({ capabilities, clientInfo }: Handshaken): number =>
  JSON.stringify([capabilities, clientInfo]).length

/** 244 random bits as visible ASCII: whoever guesses an id could speak for its session. */
const newId = (): string => (globalThis.crypto.randomUUID() + globalThis.crypto.randomUUID()).replaceAll("-", "")

const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

const isSame = (one: Owner, other: Owner): boolean => one.id === other.id && one.anonymous === other.anonymous

const unknownSession = (id: string): Refusal =>
  refusal(
    "unknown-session",
    `Mcp-Session-Id ${quoted(id)} is not known here, or its session has ended; send initialize to begin a new one.`
  )

const tooMuch = (characters: number): Refusal =>
  refusal(
    "invalid-params",
    `initialize: params.capabilities and params.clientInfo hold ${characters} characters, more than the ${mostOfOne} this server remembers.`
  )

const ended = refusal("unknown-session", "The session of this request has ended; send initialize to begin a new one.")

const endedReply = (id: RequestId): Reply => ({
  status: statusOf(ended, "handshake"),
  message: errorOf(ended, "handshake", id)
})
