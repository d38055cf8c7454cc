import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { DefinitionError } from "../../builder/errors.ts"
import type { HttpHead } from "../../protocol/exchange.ts"
import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { anonymous, type PrincipalShape } from "../../services/principal.ts"
import { report } from "../report.ts"

/** A principal as `authenticate` may give it: an id, and what else is known. */
export type PrincipalInput = Pick<PrincipalShape, "id"> & Partial<PrincipalShape>

/** A refusal made by `refuse`. */
export interface AuthRefusal extends Refusal {
  readonly "~mcpipe/AuthRefusal": true
}

type Decision = PrincipalInput | AuthRefusal

/**
 * Decides who is calling, from the request's head, before any of its body is read. May return, resolve, succeed with, fail
 * with or throw a refusal; any other failure answers a masked 500 and is logged to stderr.
 */
export type Authenticate = (head: HttpHead) => Decision | Promise<Decision> | Effect.Effect<Decision, unknown>

/** How a caller is refused, as the client sees it. */
export interface RefuseOptions {
  /** HTTP status, 400 to 599. Default 401. */
  readonly status?: number | undefined
  /** What the client may read. */
  readonly message: string
  /** Response headers such as `WWW-Authenticate`; characters that headers cannot hold are removed from their values. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * A refusal for `authenticate` to return. Throws a `DefinitionError` on a status outside 400…599 or a bad header name.
 * @example refuse({ status: 401, message: "Send a bearer token.", headers: { "WWW-Authenticate": "Bearer" } })
 */
export const refuse = ({ status = 401, message, headers = {} }: RefuseOptions): AuthRefusal => {
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new DefinitionError(`refuse: status ${status}; use an HTTP status from 400 to 599.`)
  }
  const clean: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,256}$/i.test(name)) {
      throw new DefinitionError(`refuse: ${JSON.stringify(name)} is not a header name (RFC 9110 §5.1).`)
    }
    // A line break copied from a token into a challenge would start a header of the attacker's.
    clean[name.toLowerCase()] = String(value).replace(/[^\t\x20-\x7e\xa0-\xff]/g, "")
  }
  const reason = status === 401 ? "unauthorized" : status >= 500 ? "internal-error" : "forbidden"
  return { ...refusal(reason, message, { status, headers: clean }), "~mcpipe/AuthRefusal": true }
}

/**
 * Runs `authenticate` and calls `done` once, at once where it answers at once. Returns a function that interrupts it where it does not.
 */
export const runAuthenticate = (
  authenticate: Authenticate | undefined,
  head: HttpHead,
  done: (decision: PrincipalShape | AuthRefusal | Refusal) => void
): (() => void) | undefined => {
  if (authenticate === undefined) {
    done(anonymous)
    return undefined
  }
  let decision: ReturnType<Authenticate>
  try {
    decision = authenticate(head)
  } catch (error) {
    done(failed(error))
    return undefined
  }
  if (Effect.isEffect(decision)) {
    let stopped = false
    const interrupt = Effect.runCallback(decision, {
      onExit: (exit) => {
        if (!stopped) {
          done(Exit.isSuccess(exit) ? decided(exit.value) : failed(Cause.squash(exit.cause)))
        }
      }
    })
    return () => {
      stopped = true
      interrupt()
    }
  }
  if (isThenable(decision)) {
    decision.then(
      (value) => done(decided(value)),
      (error) => done(failed(error))
    )
    return undefined
  }
  done(decided(decision))
  return undefined
}

/** Tells a refusal from a principal. */
export const isRefusal = (decision: PrincipalShape | Refusal): decision is Refusal => "reason" in decision

const isThenable = (value: unknown): value is PromiseLike<Decision> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** Whether a value was made by `refuse`. */
export const isAuthRefusal = (value: unknown): value is AuthRefusal =>
  typeof value === "object" && value !== null && "~mcpipe/AuthRefusal" in value

const decided = (value: Decision): PrincipalShape | Refusal => {
  if (isAuthRefusal(value)) {
    return value
  }
  if (typeof value !== "object" || value === null || typeof value.id !== "string" || value.id === "") {
    return failed(
      new TypeError("authenticate gave neither a principal with a non-empty `id` nor a refusal from refuse(…)")
    )
  }
  // A field that happens to be called `reason` must not turn a principal into a refusal: only known fields are taken.
  return {
    id: value.id,
    anonymous: value.anonymous ?? false,
    scopes: value.scopes ?? anonymous.scopes,
    claims: value.claims ?? anonymous.claims
  }
}

const failed = (error: unknown): Refusal =>
  isAuthRefusal(error)
    ? error
    : refusal(
        "internal-error",
        `The server could not authenticate the request (correlation id ${report("authenticate failed", error)}).`,
        {
          status: 500
        }
      )
