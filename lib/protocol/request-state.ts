import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Running } from "../runtime/app.ts"
import { isJournal, type Journal } from "../runtime/journal.ts"
import type { Operation } from "../runtime/operation.ts"
import { JournalStore, type JournalStoreShape } from "../services/journal-store.ts"
import { canonical, digest } from "../services/digest.ts"
import type { PrincipalShape } from "../services/principal.ts"
import { isRecord, type Params } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"
import { makeSealer, type Sealer } from "./seal.ts"

/** Journals of more characters than this do not travel: they are kept in the `JournalStore`, and the state names their place. */
const mostSealed = 16_384

/** Input of more characters than this is bound by its digest. */
const mostBound = 128

/** The operations that can be suspended. */
export type AskingOperation = Extract<Operation, { readonly type: "tool" | "resource" | "prompt" }>

export const canAsk = (operation: Operation): operation is AskingOperation =>
  operation.type === "tool" || operation.type === "resource" || operation.type === "prompt"

/**
 * What a state is good for: this principal, method, name and arguments (2026-07-28 basic/patterns/mrtr, "Security
 * Considerations"). It is authenticated with the state and not part of it.
 */
export const bindingOf = (operation: AskingOperation, { id, anonymous }: PrincipalShape): string => {
  const input = canonical(operation.type === "resource" ? operation.uri : operation.args)
  // JSON of a string or an object cannot be taken for a digest: it begins with a quote or a brace
  const told = input.length <= mostBound ? input : digest(input)
  return canonical([anonymous ? null : id, operation.type, operation.entry.name, told])
}

/** The journal of a call that goes on, or why it cannot. A store that fails rejects. */
export const openState = async (running: Running, state: unknown, binding: string): Promise<Journal | Refusal> => {
  const opened = await sealerOf(running).open(state, binding)
  if (!opened.ok) return opened.reason === "expired" ? expired() : invalid()
  const held: unknown = JSON.parse(opened.text)
  if (isJournal(held)) return held
  const { stored } = held as { readonly stored?: unknown }
  if (typeof stored !== "string") return invalid()
  const text = await inRoot(running, storeOf(running).get(stored))
  if (text === undefined) return expired()
  const journal: unknown = JSON.parse(text)
  return isJournal(journal) ? journal : invalid()
}

/** Seals a journal into what the client brings back; rejects where a large one cannot be kept for other processes. */
export const sealState = async (
  running: Running,
  journal: Journal,
  binding: string,
  overHttp: boolean
): Promise<string> => {
  const { requestStateKeys, requestStateTtl } = running.assembly.asking
  if (overHttp && requestStateKeys === undefined) warnOnce(running)
  const text = JSON.stringify(journal)
  if (text.length <= mostSealed) return sealerOf(running).seal(text, binding)
  const store = storeOf(running)
  if (overHttp && requestStateKeys !== undefined && !store.shared) throw new JournalNotShared(text.length)
  const id = globalThis.crypto.randomUUID()
  await inRoot(running, store.put(id, text, requestStateTtl))
  return sealerOf(running).seal(JSON.stringify({ stored: id }), binding)
}

/** A large journal is kept where no other process finds it, though others share its key. */
export class JournalNotShared extends Error {
  override readonly name = "JournalNotShared"
  constructor(size: number) {
    super(
      `The journal of this call has about ${size} characters. More than ${mostSealed} do not travel in requestState but are kept in the JournalStore, ` +
        "and the one of this process is out of reach for the others that share requestStateKeys. " +
        "Provide one that all of them reach: .provide(layer) with a layer of JournalStore. Or record less: Durable.step keeps what its effect gives."
    )
  }
}

const sealers = new WeakMap<Running, Sealer>()

const sealerOf = (running: Running): Sealer => {
  let sealer = sealers.get(running)
  if (sealer === undefined) {
    const { requestStateKeys: keys, requestStateTtl: ttl } = running.assembly.asking
    const clock = Context.get(running.context(running.assembly.root), Clock.Clock)
    sealer = makeSealer({ keys, ttl, now: () => clock.currentTimeMillisUnsafe() })
    sealers.set(running, sealer)
  }
  return sealer
}

const storeOf = (running: Running): JournalStoreShape =>
  Context.getUnsafe(running.context(running.assembly.root) as Context.Context<any>, JournalStore)

const inRoot = <A, E>(running: Running, effect: Effect.Effect<A, E>): Promise<A> =>
  Effect.runPromiseWith(running.context(running.assembly.root))(effect)

const warned = new WeakSet<Running>()

const warnOnce = (running: Running): void => {
  if (warned.has(running)) return
  warned.add(running)
  const message =
    "The state of asking calls is sealed with a random key of this process: after a restart, or on another process behind the same URL, " +
    "they cannot go on. Pass requestStateKeys, the same everywhere; make a key with `openssl rand -base64 32`."
  Effect.runForkWith(running.context(running.assembly.root))(Effect.logWarning(message))
}

const invalid = (): Refusal =>
  refusal(
    "invalid-state",
    "params.requestState is not one of this call: send it back exactly as it came, with the same name and arguments, or call again without it.",
    { data: { reason: "invalid_request_state" } }
  )

const expired = (): Refusal =>
  refusal("invalid-state", "params.requestState has expired: call again without it.", {
    data: { reason: "invalid_request_state" }
  })

/** The answers that came with a request, by ask id; absent is none, undefined is malformed. */
export const responsesOf = ({ inputResponses = none }: Params): Params | undefined =>
  isRecord(inputResponses) ? inputResponses : undefined

const none: Params = Object.freeze({})
