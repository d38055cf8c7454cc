import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { HandlerContexts } from "../../lib/builder/handler.ts"
import { AskRefused } from "../../lib/services/ask-errors.ts"
import type { AskRequest, Asks } from "../../lib/services/asks.ts"
import { type Call, CurrentCall } from "../../lib/services/current-call.ts"
import { Roots } from "../../lib/services/roots.ts"
import { Sampling } from "../../lib/services/sampling.ts"

export interface FakeAsksOptions {
  readonly capabilities?: Readonly<Record<string, unknown>> | undefined
  /** Default `"2025-11-25"`. */
  readonly revision?: string | undefined
  /** The client's raw result for each question; what is thrown is the failure of the ask. */
  readonly client?: ((request: AskRequest, nth: number) => unknown) | undefined
  /** What steps gave in an earlier round, by their names. */
  readonly journal?: Map<string, string> | undefined
  readonly uriOf?: Call["uriOf"]
}

/** A client that answers at once, and the record of what was asked and run. Steps of one name refuse to overlap. */
export const fakeAsks = ({
  capabilities = { sampling: { tools: {} }, roots: {} },
  revision = "2025-11-25",
  client = () => undefined,
  journal = new Map(),
  uriOf
}: FakeAsksOptions = {}) => {
  const asked: Array<AskRequest> = []
  const keys: Array<string | undefined> = []
  const attempts: Array<number | undefined> = []
  const ran: Array<string> = []
  const counts = new Map<string, number>()
  const running = new Set<string>()
  const asks: Asks = {
    capabilities,
    revision,
    seed: "seed",
    ask: (request, { key, attempt: nth, wellFormed }) =>
      Effect.suspend(() => {
        for (let attempt = 0; attempt < 2; attempt++) {
          asked.push(JSON.parse(JSON.stringify(request)))
          keys.push(key)
          attempts.push(nth)
          try {
            const answer = client(request, asked.length)
            if (wellFormed(answer)) return Effect.succeed(answer)
          } catch (error) {
            return Effect.fail(error as AskRefused)
          }
        }
        return Effect.fail(new AskRefused(request.method, "its answers were malformed."))
      }),
    step: (name, effect) =>
      Effect.suspend(() => {
        const recorded = journal.get(name)
        if (recorded !== undefined) return Effect.succeed(JSON.parse(recorded))
        if (running.has(name)) return Effect.die(new Error(`two steps called ${name} overlap`))
        running.add(name)
        ran.push(name)
        const done = Effect.tap(effect, (value) => Effect.sync(() => journal.set(name, JSON.stringify(value))))
        return Effect.onExit(done, () => Effect.sync(() => running.delete(name)))
      }) as never,
    occurrence: (name) => {
      const n = counts.get(name) ?? 0
      counts.set(name, n + 1)
      return n
    },
    notify: () => {},
    retreading: () => false,
    suspended: () => false,
    replays: true
  }
  const call = (asks: Asks | undefined): Call => ({
    scope: Effect.runSync(Scope.make()),
    uriOf,
    progress: undefined,
    log: undefined,
    logLevel: "debug",
    asks,
    suspended: () => false,
    errors: []
  })
  const services = (asks: Asks | undefined) =>
    Context.empty().pipe(
      Context.add(CurrentCall, call(asks)),
      Context.add(HandlerContexts, contexts),
      Context.add(Sampling, Sampling.live),
      Context.add(Roots, Roots.live)
    )
  return {
    asked,
    keys,
    attempts,
    ran,
    journal,
    /** Runs an effect as a handler runs, and gives its exit. */
    run: <A, E>(effect: Effect.Effect<A, E, any>): Promise<Exit.Exit<A, E>> =>
      Effect.runPromiseExit(Effect.provideContext(effect, services(asks) as Context.Context<any>)),
    /** The same in a call that cannot ask. */
    runWithoutAsks: <A, E>(effect: Effect.Effect<A, E, any>): Promise<Exit.Exit<A, E>> =>
      Effect.runPromiseExit(Effect.provideContext(effect, services(undefined) as Context.Context<any>))
  }
}

/** Tools run through these asks find their `uses`. */
const contexts: HandlerContexts["Service"] = {
  make: (context, uses = {}) =>
    Object.fromEntries(
      Object.entries(uses).map(([name, key]) => [name, Context.getUnsafe(context as Context.Context<any>, key)])
    ),
  ofHook: () => ({}),
  interrupted: () => Effect.void
}

/** What an effect succeeded with, or a thrown error or defect. */
export const succeeded = <A>(exit: Exit.Exit<A, unknown>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw failed(exit)
}

/** What an effect failed with or died of. */
export const failed = (exit: Exit.Exit<unknown, unknown>): any => {
  if (Exit.isSuccess(exit)) throw new Error(`it succeeded with ${JSON.stringify(exit.value)}`)
  const [reason] = exit.cause.reasons
  if (reason?._tag === "Fail") return reason.error
  return reason?._tag === "Die" ? reason.defect : reason
}
