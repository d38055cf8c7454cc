import * as Effect from "effect/Effect"
import { AskRefused, type AskTimedOut } from "../services/ask-errors.ts"
import type { AskRequest } from "../services/asks.ts"
import { type Asked, Asking, type Facing, mostAttempts, notAnAnswer } from "./asking.ts"

/** How a client that takes requests is asked. */
export interface DirectChannel {
  /** Sends one question and gives the client's raw result. */
  readonly send: (request: AskRequest) => Effect.Effect<unknown, AskRefused | AskTimedOut>
  readonly notify: (method: string, params: Readonly<Record<string, unknown>>) => void
}

/** Asking where the server can send requests of its own: the handler waits for the answer and goes on. */
export class DirectAsks extends Asking {
  readonly replays = false
  readonly #channel: DirectChannel
  #open = 0
  /** By ask id: a handler that is tried again is not to ask again. */
  #answers: Map<string, { readonly digest: string; readonly answer: unknown }> | undefined

  constructor(facing: Facing, channel: DirectChannel) {
    super(facing)
    this.#channel = channel
  }

  notify(method: string, params: Readonly<Record<string, unknown>>): void {
    this.#channel.notify(method, params)
  }

  retreading(): boolean {
    return false
  }

  suspended(): boolean {
    return false
  }

  mayTell(): boolean {
    return true
  }

  waiting(): boolean {
    return this.#open > 0
  }

  protected put({ id, digest, request, options }: Asked): Effect.Effect<unknown, AskRefused | AskTimedOut> {
    const { wellFormed } = options
    const known = this.#answers?.get(id)
    if (known?.digest === digest) return Effect.succeed(known.answer)
    const attempt = (left: number): Effect.Effect<unknown, AskRefused | AskTimedOut> =>
      Effect.flatMap(this.#channel.send(request), (answer) => {
        if (wellFormed(answer)) {
          this.#answers ??= new Map()
          this.#answers.set(id, { digest, answer })
          return Effect.succeed(answer)
        }
        if (left > 1) return attempt(left - 1)
        return Effect.fail(new AskRefused(request.method, notAnAnswer))
      })
    return Effect.suspend(() => {
      this.#open++
      this.changed()
      return Effect.onExit(attempt(mostAttempts), () =>
        Effect.sync(() => {
          this.#open--
          this.changed()
        })
      )
    })
  }
}
