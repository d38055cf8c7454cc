import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

import * as Fiber from "effect/Fiber"
import type { ErrorClass } from "../builder/component.ts"
import { jsonText, whyNotJson } from "../builder/json-text.ts"
import type { AskRefused, AskTimedOut } from "../services/ask-errors.ts"
import type { AskOptions, AskRequest, Asks, StepOptions } from "../services/asks.ts"
import { canonical, digest } from "../services/digest.ts"
import type { Recorded } from "./journal.ts"
import { failureOf, recordedOf, valueOf } from "./step-record.ts"

/** A step being run, found by what it runs through its context. */
export interface Frame {
  readonly id: string
  readonly name: string
  readonly asks: boolean
  /** The step that it runs inside of. */
  readonly above: Frame | undefined
  /** Asks made in it, or in steps inside of it, that have no answer yet: while there are any, it can be suspended. */
  open: number
}

/** Marks what runs inside of a step. */
export class InStep extends Context.Service<InStep, Frame>()("mcpipe/InStep") {}

/** One question with its identity. */
export interface Asked {
  readonly id: string
  /** What equal asks share, where it has no key of its own. */
  readonly base: string | undefined
  readonly request: AskRequest
  readonly digest: string
  readonly label: string
  readonly options: AskOptions
  readonly frame: Frame | undefined
}

/** Who is asked, in which call. */
export interface Facing {
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly revision: string
  /** Classes that recorded failures become again. */
  readonly errors: ReadonlyArray<ErrorClass>
  /** Told of fibers that steps run in, so that the app's end interrupts and waits for them. */
  readonly track: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** Told whenever `waiting` may have changed. */
  readonly changed: () => void
  readonly callId: () => string
  /** Rounds the call may take. */
  readonly maxRounds: number
  /** Tells whoever runs the server what looks wrong. */
  readonly warn: (message: string) => void
}

/** How far a run had come, to go back to; see `Asking.rewind`. */
export interface Place {
  readonly counts: ReadonlyMap<string, number>
  readonly keys: ReadonlySet<string>
  /** Ids of asks made. */
  readonly asked: ReadonlySet<string>
  readonly claimed: ReadonlySet<string>
}

/** Where nothing has been asked, and no step begun. */
const beginning: Place = { counts: new Map(), keys: new Set(), asked: new Set(), claimed: new Set() }

/** An ask or step was used in a way that cannot work; a bug of the author, so it is a defect. */
export class AskMisuse extends Error {
  override readonly name = "AskMisuse"
}

/** How often a client is asked in all that answers with what is no answer. */
export const mostAttempts = 3

/** Why it is not asked any more then. */
export const notAnAnswer = "what it sent is not an answer to it"

const keyPattern = /^[A-Za-z0-9_.-]{1,128}$/

/**
 * What every way of asking has in common: ids that are the same in every round, steps inside of steps, and whether
 * anything is open. An ask is known by its key, or by what it asks and how often that was asked before; never by its place
 * in a sequence, which differs from run to run where asks are concurrent.
 */
export abstract class Asking implements Asks {
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly revision: string
  // most calls ask nothing and run no step: what only those need is made when they come
  #counts: Map<string, number> | undefined
  #keys: Set<string> | undefined
  #running: Map<Frame, Fiber.Fiber<unknown, unknown> | undefined> | undefined
  #cut = false
  #watchers: Set<() => void> | undefined
  /** How often anything was asked, begun or numbered in this run: what comes of that is of this call alone. */
  uses = 0
  protected readonly facing: Facing
  /** What has been recorded, by step id. */
  protected steps: Map<string, Recorded> | undefined

  constructor(facing: Facing) {
    this.capabilities = facing.capabilities
    this.revision = facing.revision
    this.facing = facing
  }

  get seed(): string {
    this.uses++
    return this.facing.callId()
  }

  abstract readonly replays: boolean
  abstract notify(method: string, params: Readonly<Record<string, unknown>>): void
  abstract retreading(): boolean
  abstract suspended(): boolean
  /** Whether a message of the handler's may go to the client now; to be asked once for each. */
  abstract mayTell(message: ReadonlyArray<unknown>): boolean
  protected abstract put(asked: Asked): Effect.Effect<unknown, AskRefused | AskTimedOut>
  /** Whether any question waits for its answer. */
  abstract waiting(): boolean

  ask(request: AskRequest, options: AskOptions): Effect.Effect<unknown, AskRefused | AskTimedOut> {
    return Effect.withFiber((fiber) => {
      this.uses++
      if (isUninterruptible(fiber)) {
        return Effect.die(
          new AskMisuse(
            `${request.method} was asked where nothing can be interrupted (in a finalizer, an acquire or an uninterruptible region), ` +
              "and an unanswered question would hold it for ever: ask before it."
          )
        )
      }
      if (this.suspended()) return Effect.never
      const frame = Context.getOrUndefined(fiber.context as Context.Context<any>, InStep)
      if (frame !== undefined && !frame.asks) {
        return Effect.die(
          new AskMisuse(
            `${request.method} was asked inside of Durable.step(${JSON.stringify(frame.name)}): a step runs to its end once begun, so it cannot wait for an answer. ` +
              "Ask before the step, and use the answer in it."
          )
        )
      }
      const fault = faultOf(request)
      if (fault !== undefined) return Effect.die(fault)
      const { key, attempt = 1 } = options
      const within = frame === undefined ? "" : `${frame.id}/`
      const asked = digestOf(request)
      let id: string
      let base: string | undefined
      if (key === undefined) {
        base = `${within}${kindOf(request)}:${asked.slice(0, 16)}`
        id = this.claim(base)
      } else {
        if (!keyPattern.test(key)) {
          return Effect.die(
            new AskMisuse(`The key ${JSON.stringify(key)} of an ask: use 1 to 128 letters, digits, "_", "." or "-".`)
          )
        }
        id = `${within}${key}${attempt === 1 ? "" : `:${attempt}`}`
        this.#keys ??= new Set()
        if (this.#keys.has(id)) {
          return Effect.die(
            new AskMisuse(
              `Two asks of this call have the key ${JSON.stringify(key)}: a key names one ask, so give each a key of its own, such as \`${key}-2\`.`
            )
          )
        }
        this.#keys.add(id)
      }
      const put = this.put({ id, base, request, digest: asked, label: labelOf(request), options, frame })
      if (key === undefined) return put
      // withdrawn, it may be asked again
      return Effect.onInterrupt(put, () => Effect.sync(() => void this.#keys!.delete(id)))
    })
  }

  step<A, E, R>(name: string, effect: Effect.Effect<A, E, R>, options: StepOptions = {}): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      this.uses++
      if (this.suspended()) {
        // a finalizer of this round cleans up what this round has opened, whatever the journal says
        return isUninterruptible(fiber) ? effect : Effect.never
      }
      const above = Context.getOrUndefined(fiber.context as Context.Context<any>, InStep)
      const base = above === undefined ? name : `${above.id}/${name}`
      for (const frame of this.#running?.keys() ?? []) {
        if (frame.name !== name || !frame.id.startsWith(base)) continue
        return Effect.die(
          new AskMisuse(
            `Durable.step(${JSON.stringify(name)}) began while a step of this name was running: which result belongs to which could not be told in a later round. ` +
              `Give each a name of its own, such as \`${name}:\${id}\`.`
          )
        )
      }
      return this.#perform({ id: this.#next(base), name, asks: options.asks === true, above, open: 0 }, effect, options)
    })
  }

  occurrence(name: string): number {
    this.uses++
    const context = Fiber.getCurrent()?.context as Context.Context<any> | undefined
    const frame = context === undefined ? undefined : Context.getOrUndefined(context, InStep)
    // a space keeps these apart from ids of asks and steps
    return this.#count(`${frame === undefined ? "" : `${frame.id}/`} ${name}`)
  }

  #perform<A, E, R>(frame: Frame, effect: Effect.Effect<A, E, R>, options: StepOptions): Effect.Effect<A, E, R> {
    const { id, name } = frame
    this.moved()
    this.steps ??= new Map()
    const { steps } = this
    const give = (recorded: Recorded): Effect.Effect<A, E> => {
      switch (recorded[0]) {
        case "nothing":
          return Effect.succeed(undefined as A)
        case "value":
          return Effect.sync(() => valueOf(recorded[1], name, options.decode))
        case "failure":
          return Effect.suspend(() =>
            Effect.fail(failureOf(recorded[1], [...(options.errors ?? []), ...this.facing.errors]) as E)
          )
      }
    }
    const known = steps.get(id)
    if (known !== undefined) return give(known)
    if (this.unrecorded(name)) return Effect.never
    this.#running ??= new Map()
    this.#running.set(frame, undefined)
    this.changed()
    const framed = Effect.provideService(effect, InStep, frame) as Effect.Effect<A, E, R>
    const recording = Effect.onExit(framed, (exit) =>
      Effect.sync(() => {
        this.#running!.delete(frame)
        this.moved()
        this.changed()
        if (this.suspended()) return
        const recorded = recordedOf(exit, name, options.decode !== undefined)
        if (recorded === undefined) return
        steps.set(id, recorded)
        if (frame.asks) this.recordedAsks(id)
      })
    )
    // what this round goes on with is what later ones will go on with
    return Effect.matchCauseEffect(frame.asks ? recording : this.#uncut(recording, frame), {
      onSuccess: (): Effect.Effect<A, E> => {
        const recorded = steps.get(id)
        return recorded === undefined ? Effect.never : give(recorded)
      },
      onFailure: (cause) => {
        const recorded = steps.get(id)
        return recorded === undefined ? Effect.failCause(cause) : give(recorded)
      }
    })
  }

  /**
   * A step in a fiber of its own: whatever in the handler would interrupt it, such as a failure beside it, waits for its
   * end, so that it is recorded. Only the end of the whole request cuts it.
   */
  #uncut<A, E, R>(effect: Effect.Effect<A, E, R>, frame: Frame): Effect.Effect<A, E, R> {
    return Effect.withFiber((outer) => {
      const fiber = Effect.runForkWith(outer.context as Context.Context<R>)(effect)
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      this.#running!.set(frame, fiber)
      this.facing.track(fiber)
      if (this.#cut) fiber.interruptUnsafe()
      return Effect.uninterruptible(Effect.callback<A, E>((resume) => void fiber.addObserver((exit) => resume(exit))))
    })
  }

  /** The request ends early: its client went away, its time is up, or the server closes. Steps are cut like all else. */
  cut(): void {
    this.#cut = true
    for (const fiber of this.#running?.values() ?? []) fiber?.interruptUnsafe()
  }

  /** Where the run is now. */
  place(): Place {
    return { ...beginning, counts: new Map(this.#counts), keys: new Set(this.#keys) }
  }

  /**
   * Goes back, so that what failed since can be tried again within the run: answers and successful steps are given as a later
   * round would give them, failed steps are forgotten and run again. Nothing begun since may still be at work.
   */
  rewind(to: Place = beginning): void {
    this.#cut = false
    for (const [base, count] of this.#counts ?? []) {
      for (let n = to.counts.get(base) ?? 0; n < count; n++) {
        const id = numbered(base, n)
        if (this.steps?.get(id)?.[0] === "failure") this.steps.delete(id)
      }
    }
    this.#counts = new Map(to.counts)
    this.#keys = new Set(to.keys)
  }

  /** To be called whenever an ask or step begins or ends. */
  protected moved(): void {}

  /** A step of this name is about to run that is not recorded; true where it must not. */
  protected unrecorded(_name: string): boolean {
    return false
  }

  /** A step that may ask has ended: its own asks will not be asked again. */
  protected recordedAsks(_id: string): void {}

  /** Whether a step is at work that must not be cut: one that waits for answers of its own may be. */
  protected busy(): boolean {
    for (const frame of this.#running?.keys() ?? []) if (frame.open === 0) return true
    return false
  }

  /** The names of the steps at work. */
  protected runningSteps(): ReadonlyArray<string> {
    return [...(this.#running?.keys() ?? [])].map(({ name }) => name)
  }

  /** Calls a listener whenever `waiting` may have changed; gives how to stop. */
  watch(look: () => void): () => void {
    this.#watchers ??= new Set()
    const watchers = this.#watchers
    watchers.add(look)
    return () => void watchers.delete(look)
  }

  /** To be called whenever `waiting` may have changed. */
  protected changed(): void {
    this.facing.changed()
    if (this.#watchers !== undefined) for (const look of [...this.#watchers]) look()
  }

  /** The id of the next ask of some content. */
  protected claim(base: string): string {
    return this.#next(base)
  }

  #next(base: string): string {
    return numbered(base, this.#count(base))
  }

  #count(name: string): number {
    this.#counts ??= new Map()
    const n = this.#counts.get(name) ?? 0
    this.#counts.set(name, n + 1)
    return n
  }
}

/** What JSON cannot tell is found out here, where it fails the call that asks; forms are made by the library. */
const faultOf = ({ method, params }: AskRequest): TypeError | undefined => {
  if ("requestedSchema" in params) return undefined
  try {
    jsonText(params)
    return undefined
  } catch (error) {
    return new TypeError(`${method} cannot be sent: its params are not JSON: ${whyNotJson(error)}`)
  }
}

/** What is asked, as text that is equal for equal questions. */
const digestOf = ({ method, params }: AskRequest): string => {
  const { requestedSchema, ...rest } = params
  if (typeof requestedSchema !== "object" || requestedSchema === null) return digest(canonical([method, params]))
  let schema = schemas.get(requestedSchema)
  if (schema === undefined) {
    schema = { text: canonical(requestedSchema), place: ++places }
    schemas.set(requestedSchema, schema)
  }
  const asked = `${schema.place} ${method} ${JSON.stringify(rest)}`
  let known = digests.get(asked)
  if (known === undefined) {
    known = digest(`${canonical([method, rest])}${schema.text}`)
    if (asked.length > longestKept) return known
    if (digests.size >= mostKept) digests.delete(digests.keys().next().value!)
    digests.set(asked, known)
  }
  return known
}

/** Forms, which do not change and are asked with in each run. */
const schemas = new WeakMap<object, { readonly text: string; readonly place: number }>()

let places = 0

/** The digests of the latest questions that are not long: each is asked again in every later round. */
const digests = new Map<string, string>()

const mostKept = 512
const longestKept = 512

/** The id of the ask or step that is the n-th of its kind, from 0. */
export const numbered = (base: string, n: number): string => (n === 0 ? base : `${base}#${n + 1}`)

const kinds = { "elicitation/create": "elicit", "sampling/createMessage": "sample", "roots/list": "roots" } as const

const kindOf = ({ method }: AskRequest): string => kinds[method]

/** What a question is called in messages. */
const labelOf = ({ method, params }: AskRequest): string => {
  const { message, messages } = params as { message?: unknown; messages?: ReadonlyArray<unknown> }
  const said = typeof message === "string" ? message : messages === undefined ? "" : JSON.stringify(messages.at(-1))
  return said === "" ? method : `${method} (${said.length > 80 ? `${said.slice(0, 77)}...` : said})`
}

/** Effect keeps this to itself, and has no other way to ask. */
export const isUninterruptible = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  (fiber as unknown as { readonly interruptible?: boolean }).interruptible === false
