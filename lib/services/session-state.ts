import * as Effect from "effect/Effect"
import { DefinitionError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import { jsonText, whyNotJson } from "../builder/json-text.ts"
import { type InferIn, type InferOut, type Schema, toOutputSchema, type ValueInput } from "../builder/schema.ts"
import type { Session } from "./session.ts"
import { type NoSession, StateTooLarge } from "./session-errors.ts"
import { checkTtl, DAY, keyOfState, type SessionRef } from "./session-ref.ts"

export interface StateOptions<A> {
  /** Makes the value of a session that has none yet; it must fit the schema. */
  readonly initial: () => A
  /** Whole milliseconds from 1 to 365 days that a value is kept after it was last written. Default 86,400,000, a day. */
  readonly ttl?: number | undefined
}

/** One value of a session that is known already. */
export interface BoundState<in out A> {
  /** The value, or the initial one; dies where what is kept no longer fits the schema. */
  readonly get: Effect.Effect<A>
  /** Replaces the value; dies where it does not fit the schema, fails where it takes more than 256 KiB as JSON. */
  readonly set: (value: A) => Effect.Effect<void, StateTooLarge>
  /**
   * Replaces the value by one made of it, and gives that. Atomic: `change` is run again where another call has written in
   * between, so it should do nothing else.
   */
  readonly update: (change: (value: A) => A) => Effect.Effect<A, StateTooLarge>
  /** Forgets the value: the next `get` gives the initial one. */
  readonly clear: Effect.Effect<void>
}

/**
 * One typed value of every session, known by its name throughout the app. Writing is a side effect like any other: in a
 * handler that asks, `Durable.step` keeps it from happening again in each round, and what was read from changing.
 */
export interface State<in out A> {
  readonly name: string
  /** The value, or the initial one; dies where what is kept no longer fits the schema. */
  readonly get: Effect.Effect<A, NoSession, Session>
  /** Replaces the value; dies where it does not fit the schema, fails where it takes more than 256 KiB as JSON. */
  readonly set: (value: A) => Effect.Effect<void, NoSession | StateTooLarge, Session>
  /**
   * Replaces the value by one made of it, and gives that. Atomic: `change` is run again where another call has written in
   * between, so it should do nothing else.
   */
  readonly update: (change: (value: A) => A) => Effect.Effect<A, NoSession | StateTooLarge, Session>
  /** Forgets the value: the next `get` gives the initial one. */
  readonly clear: Effect.Effect<void, NoSession, Session>
  /** The same value of a session that was created or opened by its handle. */
  readonly in: (session: SessionRef) => BoundState<A>
}

/** The readable error for a schema whose values cannot be put in again. */
export interface NotRepeatable<In> {
  readonly "A state is kept as JSON and decoded again each time: use a schema whose output it also accepts as input": In
}

/** Nothing where what comes out of a schema may go in again, the readable error otherwise. */
export type Repeatable<S> = [InferOut<S>] extends [InferIn<S>] ? unknown : NotRepeatable<InferIn<S>>

/** The options for a schema; conditional, so that the compiler knows the schema before it looks at `initial`. */
export type StateOptionsFor<S> = S extends ValueInput ? StateOptions<InferOut<S>> : never

/** A kept or given value does not fit the state's schema; a bug of the author, masked for clients. */
class StateMismatch extends Error {
  override readonly name = "StateMismatch"
}

const NAME = /^[A-Za-z0-9_.-]{1,64}$/
const MAX_BYTES = 256 * 1024

interface Definition {
  readonly name: string
  readonly schema: Schema<any, any>
  readonly initial: () => unknown
  readonly ttl: number
}

/** Makes a state, checked; `current` finds the session of the calling handler. */
export const makeState = (
  current: Effect.Effect<SessionRef, NoSession, Session>,
  name: string,
  schema: ValueInput,
  options: StateOptions<any>
): State<any> => {
  const where = `Session.state(${JSON.stringify(name)})`
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new DefinitionError(`${where}: a name is 1 to 64 letters, digits, "_", "." or "-".`)
  }
  if (typeof options?.initial !== "function") {
    throw new DefinitionError(`${where}: initial must be a function, such as { initial: () => [] }.`)
  }
  const ttl = options.ttl ?? DAY
  checkTtl(ttl, where, DefinitionError)
  const definition = { name, schema: toOutputSchema(schema, where), initial: options.initial, ttl }
  const within = (session: SessionRef) => boundState(definition, session)
  const here = <A, E>(f: (state: BoundState<any>) => Effect.Effect<A, E>) =>
    Effect.flatMap(current, (session) => f(within(session)))
  return Object.freeze({
    name,
    get: here((state) => state.get),
    set: (value) => here((state) => state.set(value)),
    update: (change) => here((state) => state.update(change)),
    clear: here((state) => state.clear),
    in: within
  } satisfies State<any>)
}

const boundState = (definition: Definition, session: SessionRef): BoundState<any> => {
  const { store } = session["~mcpipe/Session"]
  const key = keyOfState(session, definition.name)
  const write = (make: (kept: string | undefined) => Written): Effect.Effect<any, StateTooLarge> =>
    Effect.flatMap(store.get(key), (kept) => {
      const { text, value } = make(kept?.text)
      const bytes = bytesOf(text)
      if (bytes > MAX_BYTES) return Effect.fail(new StateTooLarge(definition.name, bytes, MAX_BYTES))
      return Effect.flatMap(store.put(key, text, kept?.version, definition.ttl), (put) =>
        // somebody else has written in between, and with them done it works sooner or later
        put ? Effect.succeed(value) : Effect.andThen(Effect.yieldNow, write(make))
      )
    })
  return {
    get: Effect.map(store.get(key), (kept) => read(definition, kept?.text)),
    set: (value) => Effect.asVoid(write(() => written(definition, value, "the value"))),
    update: (change) => write((kept) => written(definition, change(read(definition, kept)), "the updated value")),
    clear: store.remove(key)
  }
}

interface Written {
  readonly text: string
  /** What a later `get` gives. */
  readonly value: unknown
}

const written = (definition: Definition, given: unknown, what: string): Written => {
  let text: string
  try {
    text = jsonText(given)
  } catch (cause) {
    const where = `Session state ${JSON.stringify(definition.name)}`
    throw new StateMismatch(`${where}: ${what} is not JSON: ${whyNotJson(cause)}`, { cause })
  }
  return { text, value: decoded(definition, text, `${what} does not fit the schema`) }
}

const read = (definition: Definition, kept: string | undefined): unknown =>
  kept === undefined
    ? written(definition, definition.initial(), "the initial value").value
    : decoded(
        definition,
        kept,
        "what is kept no longer fits the schema; let the schema accept the old form, or rename the state"
      )

const decoded = ({ name, schema }: Definition, text: string, problem: string): unknown => {
  const result = schema.decode(JSON.parse(text))
  if (result.ok) return result.value
  throw new StateMismatch(formatIssues(`Session state ${JSON.stringify(name)}: ${problem}`, result.issues))
}

/** Of UTF-8; counted only where it can matter. */
const bytesOf = (text: string): number =>
  text.length * 3 <= MAX_BYTES ? text.length : new TextEncoder().encode(text).length
