import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as v from "valibot"
import type { ErrorClass } from "../builder/component.ts"
import type { StepOptions } from "../builder/handler.ts"
import { isSchema, type Schema } from "../builder/schema.ts"
import { callOf } from "./current-call.ts"
import { digest } from "./digest.ts"

export interface DurableShape {
  /** Runs an effect once along the rounds of a call; see `Durable.step`. */
  readonly step: <A, E, R>(
    name: string,
    effect: Effect.Effect<A, E, R>,
    options?: StepOptions<A>
  ) => Effect.Effect<A, E, R>
  /** Milliseconds since 1970, the same in every round. */
  readonly now: Effect.Effect<number>
  /** A UUID of version 4's form, unguessable and the same in every round. */
  readonly uuid: Effect.Effect<string>
  /** A number from 0 up to 1, unguessable and the same in every round. */
  readonly random: Effect.Effect<number>
  /** A key for one step of this call, the same in every round and on every process; see `Durable.idempotencyKey`. */
  readonly idempotencyKey: (step: string) => Effect.Effect<string>
}

/**
 * What must not happen or be decided anew when a call that asks goes on. On 2026-07-28 a handler runs from its start in each
 * round; what it does in steps is recorded and done once. On older revisions it runs once and steps are just run.
 */
export class Durable extends Context.Service<Durable, DurableShape>()("mcpipe/Durable") {
  declare readonly "~mcpipe/supplied": "request"

  /**
   * Runs an effect once along the rounds of a call, and records its success or typed failure as JSON. Give steps that run at
   * the same time names of their own. At least once, not exactly: a client that leaves in the middle of a step, or sends a
   * round twice, makes it run again, so pass `idempotencyKey` to what can tell.
   * @example yield* Durable.step("charge", charge(card, amount))
   */
  static step<A, E, R>(
    name: string,
    effect: Effect.Effect<A, E, R>,
    options?: StepOptions<A>
  ): Effect.Effect<A, E, R | Durable> {
    return Durable.use((durable) => durable.step(name, effect, options))
  }

  /** Milliseconds since 1970, the same in every round. */
  static readonly now: Effect.Effect<number, never, Durable> = Durable.use((durable) => durable.now)

  /** A UUID of version 4's form, unguessable and the same in every round. */
  static readonly uuid: Effect.Effect<string, never, Durable> = Durable.use((durable) => durable.uuid)

  /** A number from 0 up to 1, unguessable and the same in every round. */
  static readonly random: Effect.Effect<number, never, Durable> = Durable.use((durable) => durable.random)

  /** A key for one step of this call, 43 characters, the same in every round: systems that know it do the step once. */
  static idempotencyKey(step: string): Effect.Effect<string, never, Durable> {
    return Durable.use((durable) => durable.idempotencyKey(step))
  }

  /** What the runtime supplies: finds its call through the running fiber. */
  static get live(): DurableShape {
    return live
  }

  /** Runs steps as they are and records nothing, for testing a handler without a server; ids derive from `seed`. */
  static layerTest(seed = "test-call"): Layer.Layer<Durable> {
    return Layer.sync(Durable, () => {
      const counts = new Map<string, number>()
      return shapeOf(() => ({
        seed,
        step: (_, effect) => effect,
        occurrence: (name) => {
          const n = counts.get(name) ?? 0
          counts.set(name, n + 1)
          return n
        }
      }))
    })
  }
}

interface Recorder {
  readonly seed: string
  readonly occurrence: (name: string) => number
  readonly step: <A, E, R>(
    name: string,
    effect: Effect.Effect<A, E, R>,
    options: {
      readonly decode?: ((recorded: unknown) => unknown) | undefined
      readonly errors?: ReadonlyArray<ErrorClass> | undefined
    }
  ) => Effect.Effect<A, E, R>
}

const shapeOf = (recorderOf: (fiber: Fiber.Fiber<unknown, unknown>) => Recorder): DurableShape => {
  /** Text that only this call knows, another one each time. */
  const next = (kind: string): Effect.Effect<string> =>
    Effect.withFiber((fiber) => {
      const recorder = recorderOf(fiber)
      return Effect.succeed(digest(JSON.stringify([recorder.seed, kind, recorder.occurrence(kind)])))
    })
  return {
    step: (name, effect, options) =>
      Effect.withFiber((fiber) => {
        if (typeof name !== "string" || name === "" || name.length > 128 || name.includes("/")) {
          const why = `Durable.step: the name ${JSON.stringify(name)} must be 1 to 128 characters without "/".`
          return Effect.die(new TypeError(why))
        }
        const decode = options?.schema === undefined ? undefined : decoderOf(options.schema)
        return recorderOf(fiber).step(name, effect, { decode, errors: options?.errors })
      }),
    now: Effect.withFiber((fiber) => {
      const recorder = recorderOf(fiber)
      // numbered, since several may be taken at the same time
      return recorder.step(`now:${recorder.occurrence("now")}`, Clock.currentTimeMillis, {})
    }),
    uuid: Effect.map(next("uuid"), (text) => uuidOf(text)),
    random: Effect.map(next("random"), (text) => Number.parseInt(hexOf(text).slice(0, 13), 16) / 2 ** 52),
    idempotencyKey: (step) =>
      Effect.withFiber((fiber) => Effect.succeed(digest(JSON.stringify([recorderOf(fiber).seed, "idempotency", step]))))
  }
}

const live = shapeOf((fiber) => {
  const asks = callOf(fiber.context)?.asks
  if (asks !== undefined) return asks
  throw new Error(
    "Durable is for tools, resources, prompts and the middleware inside of them: completions, lists and request hooks run once anyway."
  )
})

/** Only decodes: what is recorded never leaves the server, so that no JSON Schema has to describe it. */
const decoderOf =
  (schema: v.GenericSchema<any, any> | Schema<any, any>) =>
  (recorded: unknown): unknown => {
    if (isSchema(schema)) {
      const decoded = schema.decode(recorded)
      if (decoded.ok) return decoded.value
      throw new TypeError(decoded.issues.map(({ message }) => message).join(" "))
    }
    const parsed = v.safeParse(schema, recorded)
    if (parsed.success) return parsed.output
    throw new TypeError(parsed.issues.map((issue) => issue.message).join(" "))
  }

const hexOf = (base64url: string): string => {
  const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"))
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")
}

/** RFC 9562 §5.4: version 4 and variant 10, all else as it comes. */
const uuidOf = (text: string): string => {
  const hex = hexOf(text)
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
