import type { Call, Told } from "./current-call.ts"

/** How far a call is; one for all that speak for it. */
class Standing {
  current = 0
  /** Undefined before the first report. */
  told: number | undefined
  total: number | undefined
  fixed: number | undefined
}

/**
 * Where one call stands, and what its client was told of it. Values told always increase
 * (basic/utilities/progress: "MUST increase with each notification"); what does not is left out.
 */
export class Meter {
  readonly #send: NonNullable<Call["progress"]>
  readonly #standing: Standing

  constructor(send: NonNullable<Call["progress"]>, standing: Standing = new Standing()) {
    this.#send = send
    this.#standing = standing
  }

  /** The same meter, heard in other words. */
  through(send: NonNullable<Call["progress"]>): Meter {
    return new Meter(send, this.#standing)
  }

  report(progress: number, total: number | undefined, message: string | undefined): Told {
    if (!this.#exceeds(progress)) return undefined
    this.#standing.current = progress
    this.#standing.total = total ?? this.#standing.fixed
    return this.#tell(progress, message)
  }

  setTotal(total: number): void {
    this.#standing.fixed = total
    this.#standing.total = total
  }

  increment(by: number, message: string | undefined): Told {
    // a sum beyond all numbers would hide every later message
    if (Number.isFinite(this.#standing.current + by)) this.#standing.current += by
    return this.#tell(this.#standing.current, message)
  }

  /** A message alone needs a higher value as well: the next one up, which every client rounds away, costs no later report. */
  message(text: string): Told {
    return this.#tell(
      this.#exceeds(this.#standing.current) ? this.#standing.current : stepAbove(this.#standing.told!),
      text
    )
  }

  /** So many increments by one are coming; undefined where nobody knows. `setTotal` outlasts what is `guessed`. */
  expect(count: number | undefined, guessed: boolean): void {
    if (guessed && this.#standing.fixed !== undefined) return
    this.#standing.total = count === undefined ? undefined : (this.#standing.total ?? this.#standing.current) + count
  }

  #tell(progress: number, message: string | undefined): Told {
    if (!this.#exceeds(progress) || !Number.isFinite(progress)) return undefined
    this.#standing.told = progress
    return this.#send(progress, this.#standing.total, message)
  }

  #exceeds(progress: number): boolean {
    return this.#standing.told === undefined || progress > this.#standing.told
  }
}

const stepAbove = (value: number): number => value + Math.max(1, Math.abs(value)) * Number.EPSILON

const meters = new WeakMap<Call, Meter>()

/** The meter of a call; undefined where its client gave no progress token. */
export const meterOf = (call: Call | undefined): Meter | undefined => {
  if (call?.progress === undefined) return undefined
  let meter = meters.get(call)
  if (meter === undefined) {
    meter = meterOf(call.behind)?.through(call.progress) ?? new Meter(call.progress)
    meters.set(call, meter)
  }
  return meter
}
