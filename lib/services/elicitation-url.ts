import * as Effect from "effect/Effect"
import { PublicError } from "../builder/errors.ts"
import type { UrlOptions } from "../builder/questions.ts"
import type {
  AskRefused,
  AskTimedOut,
  ClientUnsupported,
  ElicitationCancelled,
  ElicitationDeclined
} from "./ask-errors.ts"
import type { Asks } from "./asks.ts"
import type { ElicitAnswer } from "./elicitation-answers.ts"
import { checkMessage, notAccepted } from "./elicitation-ask.ts"
import { isUrlAnswer, unsupported, urlRequest } from "./elicitation-wire.ts"
import { canonical, digest } from "./digest.ts"

/** A URL to visit, why, and its `key`; see `UrlOptions.key`. */
export interface UrlToVisit extends UrlOptions {
  readonly message: string
  readonly url: string
}

/** A URL that the user agreed to visit; what happens there, only the server behind it knows. */
export interface UrlVisit {
  /** Unguessable, and the same in every round of the call. */
  readonly elicitationId: string
  /** Tells the client that the user is done there (`notifications/elicitation/complete`); nothing on 2026-07-28, which has no such message. */
  readonly complete: Effect.Effect<void>
}

/** Why a URL was not visited. */
export type UrlFailure = ElicitationDeclined | ElicitationCancelled | ClientUnsupported | AskTimedOut | AskRefused

/** One entry of the `data.elicitations` of error -32042. */
export interface RequiredUrl {
  readonly mode: "url"
  readonly message: string
  readonly url: string
  readonly elicitationId: string
}

/**
 * URLs that have to be visited before a request can succeed; error -32042 with `data.elicitations` (MCP 2025-11-25
 * client/elicitation, "URL Elicitation Required Error"). `Elicitation.urlRequired` never fails with it on 2026-07-28.
 */
export class UrlElicitationRequired extends PublicError {
  override readonly name: string = "UrlElicitationRequired"
  readonly _tag = "UrlElicitationRequired"
  readonly "~mcpipe/UrlElicitationRequired" = true
  readonly elicitations: ReadonlyArray<RequiredUrl>
  constructor(elicitations: ReadonlyArray<RequiredUrl>) {
    const lines = elicitations.map(({ message, url }) => `\n- ${message} ${url}`)
    super(`The user has to visit ${lines.length === 1 ? "a URL" : "URLs"} before this can go on:${lines.join("")}`, {
      data: { elicitations }
    })
    this.elicitations = elicitations
  }
}

export const isUrlElicitationRequired = (u: unknown): u is UrlElicitationRequired =>
  u instanceof Error && "~mcpipe/UrlElicitationRequired" in u

/** Asks the user to visit a URL (MCP 2025-11-25 client/elicitation, "URL Mode Elicitation Requests"). */
export const askUrl = Effect.fnUntraced(function* (
  asks: Asks,
  { message, url, key }: UrlToVisit
): Effect.fn.Return<UrlVisit, UrlFailure> {
  const { elicitationId } = yield* urlOf(asks, { message, url, key })
  const request = urlRequest(asks.revision, message, url, elicitationId)
  const answer = (yield* asks.ask(request, { key, wellFormed: isUrlAnswer })) as ElicitAnswer
  if (answer.action !== "accept") return yield* Effect.fail(notAccepted(answer, message))
  const complete = Effect.sync(() => asks.notify("notifications/elicitation/complete", { elicitationId }))
  return { elicitationId, complete }
})

/** Fails with all URLs at once up to 2025-11-25; later, where there is no such error, asks for each of them. */
export const requireUrls = Effect.fnUntraced(function* (
  asks: Asks,
  urls: ReadonlyArray<UrlToVisit>
): Effect.fn.Return<void, UrlElicitationRequired | UrlFailure> {
  if (urls.length === 0) throw new TypeError("Elicitation.urlRequired: name at least one URL.")
  if (asks.revision >= "2026-07-28") {
    return yield* Effect.forEach(urls, (one) => askUrl(asks, one), { concurrency: "unbounded", discard: true })
  }
  return yield* Effect.fail(new UrlElicitationRequired(yield* Effect.forEach(urls, (one) => urlOf(asks, one))))
})

const urlOf = (asks: Asks, { message, url, key }: UrlToVisit): Effect.Effect<RequiredUrl, ClientUnsupported> => {
  checkMessage(message)
  checkUrl(url)
  const refused = unsupported(asks, "url", message)
  if (refused !== undefined) return Effect.fail(refused)
  const name = canonical(["elicitation", key ?? url])
  const elicitationId = digest(canonical([asks.seed, name, asks.occurrence(name)]))
  return Effect.succeed({ mode: "url", message, url, elicitationId })
}

/** MCP 2025-11-25 client/elicitation, "Safe URL Handling": https outside of development, and no credentials. */
const checkUrl = (text: string): void => {
  const url = typeof text === "string" && !/[\s\p{Cc}]/u.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (
    url === undefined ||
    !(url.protocol === "https:" || (url.protocol === "http:" && local.test(url.hostname))) ||
    url.username !== "" ||
    url.password !== ""
  ) {
    throw new TypeError(
      `Elicitation.url: ${JSON.stringify(text)} must be an absolute https URL without credentials; http is for localhost alone.`
    )
  }
}

const local = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/
