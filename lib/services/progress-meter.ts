import type { Call, Told } from "./current-call.ts"

/**
 * Where one call stands, and what its client was told of it. Values told always increase
 * (basic/utilities/progress: "MUST increase with each notification"); what does not is left out.
 */
export class Meter {
  readonly #send: NonNullable<Call["progress"]>
  #current = 0
  /** Undefined before the first report. */
  #told: number | undefined
  #total: number | undefined
  #fixed: number | undefined

  constructor(send: NonNullable<Call["progress"]>) {
    this.#send = send
  }

  report(progress: number, total: number | undefined, message: string | undefined): Told {
    if (!this.#exceeds(progress)) return undefined
    this.#current = progress
    this.#total = total ?? this.#fixed
    return this.#tell(progress, message)
  }

  setTotal(total: number): void {
    this.#fixed = total
    this.#total = total
  }

  increment(by: number, message: string | undefined): Told {
    // a sum beyond all numbers would hide every later message
    if (Number.isFinite(this.#current + by)) this.#current += by
    return this.#tell(this.#current, message)
  }

  /** A message alone needs a higher value as well: the next one up, which every client rounds away, costs no later report. */
  message(text: string): Told {
    return this.#tell(this.#exceeds(this.#current) ? this.#current : stepAbove(this.#told!), text)
  }

  /** So many increments by one are coming; undefined where nobody knows. `setTotal` outlasts what is `guessed`. */
  expect(count: number | undefined, guessed: boolean): void {
    if (guessed && this.#fixed !== undefined) return
    this.#total = count === undefined ? undefined : (this.#total ?? this.#current) + count
  }

  #tell(progress: number, message: string | undefined): Told {
    if (!this.#exceeds(progress) || !Number.isFinite(progress)) return undefined
    this.#told = progress
    return this.#send(progress, this.#total, message)
  }

  #exceeds(progress: number): boolean {
    return this.#told === undefined || progress > this.#told
  }
}

const stepAbove = (value: number): number => value + Math.max(1, Math.abs(value)) * Number.EPSILON

const meters = new WeakMap<Call, Meter>()

/** The meter of a call; undefined where its client gave no progress token. */
export const meterOf = (call: Call | undefined): Meter | undefined => {
  if (call?.progress === undefined) return undefined
  let meter = meters.get(call)
  if (meter === undefined) {
    meter = new Meter(call.progress)
    meters.set(call, meter)
  }
  return meter
}
