import type { Running } from "../runtime/app.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { Handshaken } from "./handshake.ts"
import { type HandshakePeer, handshakePeer } from "./handshake-peer.ts"
import { quoted } from "./method.ts"
import { errorOf, type Refusal, refusal, statusOf } from "./reasons.ts"

export interface SessionsOptions {
  /** A session without requests ends after this many milliseconds. Default 30 minutes. */
  readonly idleMillis?: number | undefined
  /** Most sessions at once; the one unused for longest makes room. Default 10,000. */
  readonly most?: number | undefined
  /** Most characters of JSON that all clients together may have said of themselves. Default 32 Mi. */
  readonly mostCharacters?: number | undefined
  /** Milliseconds from any start, never backwards. Default `performance.now`. */
  readonly now?: (() => number) | undefined
}

/** The HTTP sessions of one running app (2025-11-25 basic/transports, "Session Management"). They are kept in memory. */
export interface Sessions {
  /**
   * Begins one for whoever sent this `initialize`. Undefined where all places are taken by sessions with requests in flight.
   * A refusal where the client says more of itself than is remembered.
   */
  readonly begin: (agreed: Handshaken, principal: PrincipalShape) => HandshakePeer | Refusal | undefined
  /** The session of this id, which only the principal that began it can reach; to all others it is unknown. */
  readonly find: (id: string, principal: PrincipalShape) => HandshakePeer | Refusal
  /** Ends one: its requests in flight are refused, and what its client was asked fails. */
  readonly end: (session: HandshakePeer) => void
  readonly size: () => number
}

type Owner = Pick<PrincipalShape, "id" | "anonymous">

interface Place {
  readonly session: HandshakePeer
  readonly owner: Owner
  readonly characters: number
  used: number
}

/** What one client may say of itself, in characters of JSON: it is kept for as long as the session is. */
const mostOfOne = 65_536

/** No sessions yet. Nothing here holds a timer: whatever is due to end does so when sessions are next begun, found or counted. */
export const sessionsOf = (running: Running, options: SessionsOptions = {}): Sessions => {
  const { idleMillis = 1_800_000, most = 10_000, mostCharacters = 33_554_432, now = () => performance.now() } = options
  /** In the order of their last use. */
  const places = new Map<string, Place>()
  let characters = 0

  const touch = (id: string, place: Place) => {
    place.used = now()
    places.delete(id)
    places.set(id, place)
  }

  const remove = (id: string, place: Place) => {
    if (!places.delete(id)) return
    characters -= place.characters
    place.session.inFlight.drop((id) => replyTo(id))
    place.session.requests.close()
  }

  const oldest = () => {
    for (const entry of places) return entry
    return undefined
  }

  const sweep = () => {
    const due = now() - idleMillis
    for (let entry = oldest(); entry !== undefined && entry[1].used <= due; entry = oldest()) {
      const [id, place] = entry
      // a session with a request in flight is in use, and goes to the end of the queue
      if (place.session.inFlight.size() > 0) touch(id, place)
      else remove(id, place)
    }
  }

  const makeRoom = (needed: number): boolean => {
    for (let left = places.size; places.size >= most || characters + needed > mostCharacters; left--) {
      const entry = oldest()
      if (entry === undefined || left === 0) return false
      const [id, place] = entry
      if (place.session.inFlight.size() > 0) touch(id, place)
      else remove(id, place)
    }
    return true
  }

  return {
    begin: (agreed, principal) => {
      const needed = JSON.stringify([agreed.capabilities, agreed.clientInfo]).length
      if (needed > mostOfOne) return tooMuch(needed)
      sweep()
      if (!makeRoom(needed)) return undefined
      const id = newId()
      const place: Place = {
        session: handshakePeer(running, id, () => {
          if (places.has(id)) touch(id, place)
        }),
        owner: { id: principal.id, anonymous: principal.anonymous },
        characters: needed,
        used: now()
      }
      place.session.agree(agreed)
      places.set(id, place)
      characters += needed
      return place.session
    },
    find: (id, principal) => {
      sweep()
      const place = places.get(id)
      if (place === undefined || !isSame(place.owner, principal)) return unknownSession(id)
      touch(id, place)
      return place.session
    },
    end: ({ sessionId }) => {
      const place = places.get(sessionId)
      if (place !== undefined) remove(sessionId, place)
    },
    size: () => {
      sweep()
      return places.size
    }
  }
}

/** 192 random bits as visible ASCII: whoever guesses an id could speak for its session. */
const newId = (): string => {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(24))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

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

const replyTo = (id: string | number) => ({
  status: statusOf(ended, "handshake"),
  message: errorOf(ended, "handshake", id)
})
