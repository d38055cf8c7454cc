import * as Effect from "effect/Effect"
import { AskRefused, AskTimedOut } from "../services/ask-errors.ts"
import type { AskRequest } from "../services/asks.ts"
import { wellFormed } from "./json.ts"
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from "./json-rpc.ts"
import { isRecord } from "./method.ts"

/** A client's response as it came; what its members hold is not checked yet. */
export interface ClientResponse {
  readonly id: RequestId
  readonly result?: unknown
  readonly error?: unknown
}

/** Writes to the client that is asked. Gives why it cannot be written, to complete "The client did not answer: …"; undefined where it can. */
export type WriteAsk = (message: JsonRpcRequest | JsonRpcNotification) => string | undefined

/** The server's own requests to one client: numbered, matched with their responses, timed, cancelled. */
export interface ClientRequests {
  /**
   * Sends a request over `write` (the stream of the request it belongs to) and gives the client's raw `result`. Fails with
   * `AskTimedOut` after `millis` (`Infinity` for never), and with `AskRefused` where the client answers with an error, cannot
   * be written to or goes away. Where it times out or is interrupted, `notifications/cancelled` is sent. Dies of params
   * that are no JSON.
   */
  readonly send: (
    request: AskRequest | PingRequest,
    write: WriteAsk,
    millis: number
  ) => Effect.Effect<unknown, AskRefused | AskTimedOut>
  /** Takes a response; false where no request of this id is open. */
  readonly receive: (response: ClientResponse) => boolean
  /** Gives up an open request: it fails with `AskRefused`, and the client hears that it is cancelled. Unknown ids are ignored. */
  readonly abandon: (id: RequestId, why: string) => void
  /** The same for all that are open. */
  readonly abandonAll: (why: string) => void
  /** The client is gone: everything open, and all that is sent from now on, fails with `AskRefused`. */
  readonly close: () => void
}

/** 2025-11-25 basic/utilities/ping. */
export interface PingRequest {
  readonly method: "ping"
  readonly params: AskRequest["params"]
}

interface Open {
  readonly method: string
  readonly write: WriteAsk
  readonly settle: (outcome: Effect.Effect<unknown, AskRefused>) => void
}

/**
 * Requests to one client, none of them sent yet (JSON-RPC 2.0 §4; 2025-11-25 basic/utilities/cancellation). Their ids begin
 * with `mark`, where others send requests to the same client.
 */
export const clientRequests = (mark = ""): ClientRequests => new Requests(mark)

/** A class: each idle session has one, and closures would take ten times the memory. */
class Requests implements ClientRequests {
  readonly #mark: string
  #open: Map<RequestId, Open> | undefined
  #last = 0
  #closed = false

  constructor(mark: string) {
    this.#mark = mark
  }

  send(
    { method, params }: AskRequest | PingRequest,
    write: WriteAsk,
    millis: number
  ): ReturnType<ClientRequests["send"]> {
    return Effect.suspend(() => {
      if (this.#closed) return Effect.fail(new AskRefused(method, gone))
      let reason = "The server no longer needs the answer."
      const answered = Effect.callback<unknown, AskRefused>((settle) => {
        const id = `mcpipe-${this.#mark}${++this.#last}`
        this.#open ??= new Map()
        this.#open.set(id, { method, write, settle })
        const why = write({ jsonrpc: "2.0", id, method, params })
        if (why !== undefined) {
          this.#take(id)
          settle(Effect.fail(new AskRefused(method, why)))
          return
        }
        return Effect.sync(() => {
          if (this.#take(id) !== undefined) write(cancelled(id, reason))
        })
      })
      if (millis === Number.POSITIVE_INFINITY) return answered
      const late = Effect.suspend(() => {
        reason = `No answer within ${millis} ms.`
        return Effect.fail(new AskTimedOut(method, millis))
      })
      return Effect.raceFirst(answered, Effect.andThen(Effect.sleep(millis), late))
    })
  }

  receive(response: ClientResponse): boolean {
    const one = this.#take(response.id)
    one?.settle(outcomeOf(one.method, response))
    return one !== undefined
  }

  abandon(id: RequestId, why: string): void {
    const one = this.#take(id)
    if (one === undefined) return
    one.write(cancelled(id, "The server no longer needs the answer."))
    one.settle(Effect.fail(new AskRefused(one.method, why)))
  }

  abandonAll(why: string): void {
    for (const id of [...(this.#open?.keys() ?? [])]) this.abandon(id, why)
  }

  close(): void {
    this.#closed = true
    for (const id of [...(this.#open?.keys() ?? [])]) {
      const one = this.#take(id)
      one?.settle(Effect.fail(new AskRefused(one.method, gone)))
    }
  }

  #take(id: RequestId): Open | undefined {
    const one = this.#open?.get(id)
    this.#open?.delete(id)
    return one
  }
}

const gone = "it has gone away"

const cancelled = (requestId: RequestId, reason: string): JsonRpcNotification => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason }
})

/** Longer messages of clients are cut: a model reads them. */
const mostCharacters = 1_000

const outcomeOf = (method: string, { result, error }: ClientResponse): Effect.Effect<unknown, AskRefused> => {
  // some clients write both members and leave one of them null
  if (error === undefined || error === null) return Effect.succeed(result)
  if (!isRecord(error) || typeof error["code"] !== "number" || typeof error["message"] !== "string") {
    return Effect.fail(new AskRefused(method, "its error is not one of JSON-RPC: it needs a code and a message"))
  }
  const message = wellFormed(error["message"].slice(0, mostCharacters))
  return Effect.fail(new AskRefused(method, `${message} (code ${error["code"]})`, error["code"]))
}
