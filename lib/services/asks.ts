import type * as Effect from "effect/Effect"
import type { ErrorClass } from "../builder/component.ts"
import type { AskRefused, AskTimedOut } from "./ask-errors.ts"

/** A question to the client, as the protocol words it; every revision has the same three. */
export interface AskRequest {
  readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list"
  readonly params: Readonly<Record<string, unknown>>
}

export interface AskOptions {
  /**
   * Name of this ask within its call, which tells it from equal ones; what is asked has to be the same in each round all the
   * same. 1 to 128 letters, digits, `_`, `.` or `-`.
   */
  readonly key?: string | undefined
  /** The how-manieth try of one question this is, from 1: each has a name of its own. Default 1. */
  readonly attempt?: number | undefined
  /**
   * Reads the client's raw result; `undefined` says that it is malformed, so that it is asked for once more.
   * Well-formed answers that the author's schema refuses are no business of the wire: ask again with a new request.
   */
  readonly wellFormed: (answer: unknown) => boolean
}

export interface StepOptions {
  /** Whether the step may ask; it is then recorded once it has ended, and re-run until it has. Default false. */
  readonly asks?: boolean | undefined
  /** Turns what is recorded back into what the step gives; fails with the reasons why it is not that. Default: as it is. */
  readonly decode?: ((recorded: unknown) => unknown) | undefined
  /** Classes that recorded failures become again, beside `ToolError`, `PublicError` and those of the component. */
  readonly errors?: ReadonlyArray<ErrorClass> | undefined
}

/**
 * How the call in progress reaches its client, one of several ways behind one face: a request of the server's own on
 * handshake connections, `input_required` and replay on sessionless ones, a script in tests. Internal to the library.
 */
export interface Asks {
  /** What this one asks through, in other words. */
  readonly behind?: Asks | undefined
  /** What the client declared it can be asked. */
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly revision: string
  /** Whether the call may be suspended and run again, so that what it tells must be told once. */
  readonly replays: boolean
  /** Puts one question, and gives the client's raw result once `wellFormed` takes it. Never resumes in a suspended call. */
  readonly ask: (request: AskRequest, options: AskOptions) => Effect.Effect<unknown, AskRefused | AskTimedOut>
  /** Runs an effect once along the rounds of a call: its success or typed failure is recorded, as JSON. */
  readonly step: <A, E, R>(
    name: string,
    effect: Effect.Effect<A, E, R>,
    options?: StepOptions
  ) => Effect.Effect<A, E, R>
  /** Unguessable, the same in every round of one call; what deterministic ids of a call are derived from. */
  readonly seed: string
  /** The next number under a name: the same numbers in the same order in every round. */
  readonly occurrence: (name: string) => number
  /** Tells the client something that belongs to a question, such as that a URL was visited. */
  readonly notify: (method: string, params: Readonly<Record<string, unknown>>) => void
  /** Whether what is told now was told in an earlier round already: progress and log messages are then left out. */
  readonly retreading: () => boolean
  /** Whether the call has been suspended: nothing of this round may go on. */
  readonly suspended: () => boolean
}

/** What really asks, behind all that only words it. */
export const asksBehind = (asks: Asks | undefined): Asks | undefined =>
  asks?.behind === undefined ? asks : asksBehind(asks.behind)
