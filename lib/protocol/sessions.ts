import type { Running } from "../runtime/app.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { Reply } from "./exchange.ts"
import type { Handshaken } from "./handshake.ts"
import { type HandshakePeer, handshakePeer } from "./handshake-peer.ts"
import type { RequestId } from "./json-rpc.ts"
import { quoted } from "./method.ts"
import { errorOf, type Refusal, refusal, statusOf } from "./reasons.ts"
import { Recency } from "./recency.ts"

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
  const places = new Recency<Place>()
  let characters = 0

  const touch = (place: Place) => {
    place.used = now()
    places.touch(place.session.sessionId)
  }

  const remove = ({ session, characters: freed }: Place) => {
    if (!places.delete(session.sessionId)) return
    characters -= freed
    session.inFlight.drop(endedReply)
    session.requests.close()
  }

  /** A session with a request in flight is in use: it goes to the end of the queue instead. */
  const removeUnlessBusy = (place: Place) => {
    if (place.session.inFlight.size() > 0) touch(place)
    else remove(place)
  }

  const sweep = () => {
    const due = now() - idleMillis
    for (let place = places.oldest; place !== undefined && place.used <= due; place = places.oldest) {
      removeUnlessBusy(place)
    }
  }

  const makeRoom = (needed: number): boolean => {
    for (let left = places.size; places.size >= most || characters + needed > mostCharacters; left--) {
      const place = places.oldest
      if (place === undefined || left === 0) return false
      removeUnlessBusy(place)
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
        session: handshakePeer(
          running,
          id,
          () => {},
          () => touch(place)
        ),
        owner: { id: principal.id, anonymous: principal.anonymous },
        characters: needed,
        used: now()
      }
      place.session.agree(agreed)
      places.add(id, place)
      characters += needed
      return place.session
    },
    find: (id, principal) => {
      sweep()
      const place = places.get(id)
      if (place === undefined || !isSame(place.owner, principal)) return unknownSession(id)
      touch(place)
      return place.session
    },
    end: ({ sessionId }) => {
      const place = places.get(sessionId)
      if (place !== undefined) remove(place)
    },
    size: () => {
      sweep()
      return places.size
    }
  }
}

/** 244 random bits as visible ASCII: whoever guesses an id could speak for its session. */
const newId = (): string => (globalThis.crypto.randomUUID() + globalThis.crypto.randomUUID()).replaceAll("-", "")

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
