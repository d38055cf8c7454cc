import * as Effect from "effect/Effect"
import { AskRefused, type AskTimedOut } from "../services/ask-errors.ts"
import type { AskRequest } from "../services/asks.ts"
import { canonical, digest } from "../services/digest.ts"
import { type Asked, Asking, type Facing, mostAttempts, notAnAnswer, numbered, type Place } from "./asking.ts"
import { type Answered, answered, isNoAnswer, type Journal, journalVersion, noAnswer, type Open } from "./journal.ts"
import { ReplayDiverged, stuck, TooManyRounds, unheard } from "./replay-messages.ts"
import { macrotask, microtask, Moves } from "./turns.ts"

/** Where a call stands: what came of earlier rounds, and what the client sent with this one. */
export interface Standing {
  readonly journal: Journal | undefined
  readonly responses: Readonly<Record<string, unknown>>
}

/** How a call was suspended. */
export interface Suspension {
  /** What the client has to answer, by ask id. */
  readonly requests: ReadonlyMap<string, AskRequest>
  /** To be given back in the next round. */
  readonly journal: Journal
}

/** Macrotasks without a new ask after which those at hand are taken for all of this round. */
const settleTurns = 2

/**
 * Milliseconds that an ask of an earlier round may come later than others of it, where I/O outside of any step comes before
 * it. They are counted in slices: a process that stood still for long has not given the handler that time.
 */
const graceMillis = 100
const graceSlices = 10

/** Milliseconds that a step may run beside an open question before the log says what both wait for. */
const stuckMillis = 10_000

interface Waiting {
  /** Its own, or that of an equal ask that it stands in for. */
  id: string
  readonly asked: Asked
  readonly resume: (effect: Effect.Effect<unknown, AskRefused>) => void
}

/** Messages told beside questions that later rounds know of; those beyond may be told again. */
const mostTold = 1_000

const markOf = (message: ReadonlyArray<unknown>): string => {
  try {
    return digest(canonical(message)).slice(0, 16)
  } catch {
    // whoever sends it says why it cannot be sent
    return ""
  }
}

const given = (answer: unknown, { request }: Asked): Effect.Effect<unknown, AskRefused> =>
  isNoAnswer(answer) ? Effect.fail(new AskRefused(request.method, notAnAnswer)) : Effect.succeed(answer)

/** What one run of a handler is at; made at its first ask or step, since most calls have none. */
class Run {
  /** Asks whose answer is there, and not given yet. */
  readonly again = new Map<string, Waiting>()
  readonly open = new Map<string, Waiting>()
  /** Given before their batch was complete. */
  readonly passed = new Set<string>()
  /** Ids of asks made, but for those withdrawn before they were answered. */
  claimed = new Set<string>()
  /** Ids of all asks made, since the place that was gone back to. */
  asked = new Set<string>()
  /** Ids of asks made in what was given up. */
  abandoned: Set<string> | undefined
  /** Steps that asked and have ended. */
  readonly closed: Array<string> = []
  readonly moves = new Moves()
}

/**
 * Asking on a protocol without server requests (2026-07-28 basic/patterns/mrtr): the first run ends where its questions
 * are open, and each later one runs the handler again over the journal of those before it.
 *
 * Answers are given batch by batch, as they came: those of one round go to the handler only once it has asked everything
 * they answer. So a race among asks is decided as it was, whatever the speed of what is not recorded.
 */
export class Replay extends Asking {
  readonly replays = true
  readonly #responses: Standing["responses"]
  readonly #stopRun: () => void
  readonly #rehearsal: boolean
  readonly #journal: Journal | undefined
  readonly #batches: Array<Map<string, Answered>>
  /** How many batches the handler has been given. */
  #given = 0
  /** Answers that came with this round and are not known to be malformed. */
  #fresh = 0
  #run: Run | undefined
  #settling = false
  #delivering = false
  #ended = false
  /** How often asks were answered by what is no answer to them. */
  readonly #malformed: Map<string, number>
  /** What earlier rounds told beside their questions, and this one has not come to. */
  readonly #told: Array<string>
  readonly #telling: Array<string> = []
  #suspension: Suspension | undefined
  #defect: Error | undefined

  /**
   * `stop` interrupts the handler, which is suspended or has diverged. A `rehearsal` only looks if it comes to the same: a
   * step that is not recorded is then a difference.
   */
  constructor(facing: Facing, { journal, responses }: Standing, stop: () => void, rehearsal = false) {
    super(facing)
    this.#responses = responses
    this.#stopRun = stop
    this.#rehearsal = rehearsal
    this.#malformed = new Map(journal?.malformed && Object.entries(journal.malformed))
    this.#told = [...(journal?.told ?? [])]
    if (journal === undefined) {
      this.#batches = []
      return
    }
    this.#journal = answered(journal, responses)
    this.#batches = []
    for (const batch of this.#journal.answers) {
      const byId = new Map<string, Answered>()
      for (const one of batch) byId.set(one[0], one)
      this.#batches.push(byId)
    }
    if (this.#journal !== journal) this.#fresh = this.#batches.at(-1)!.size
    this.steps = new Map(Object.entries(journal.steps))
  }

  /** How the call was suspended, once it was. */
  get suspension(): Suspension | undefined {
    return this.#suspension
  }

  /** Why this run cannot be trusted, whatever it came to. */
  get defect(): Error | undefined {
    return this.#defect
  }

  /** The handler has ended by itself: what it left open is not asked. */
  end(succeeded: boolean): void {
    this.#ended = true
    if (succeeded && !this.#rehearsal && !this.suspended()) {
      const left = this.unasked()
      if (left.length > 0) this.facing.warn(unheard(left))
    }
    this.#run?.moves.move()
  }

  /** All that was answered and recorded, once the handler has ended; undefined where it asked nothing. */
  finished(): Journal | undefined {
    const journal = this.#journalOf([])
    return journal.answers.length === 0 ? undefined : journal
  }

  /** What was answered, but not asked in this run. */
  unasked(): ReadonlyArray<string> {
    const left = this.#batches.slice(this.#given).flatMap((batch) => [...batch.values()])
    return left.filter(([id]) => !this.#at.again.has(id) && !this.#at.passed.has(id)).map(([, , label]) => label)
  }

  notify(): void {
    // what belongs to a question has no way to the client once the request that asked it has ended
  }

  suspended(): boolean {
    return this.#suspension !== undefined || this.#defect !== undefined
  }

  retreading(): boolean {
    // a round that brought no answer gets no further than the one before it
    return this.#journal !== undefined && (this.#fresh === 0 || this.#given < this.#batches.length)
  }

  /**
   * What comes before the answers of earlier rounds was told then. What ran beside a question may come after its answer now,
   * and is known by its content.
   */
  mayTell(message: ReadonlyArray<unknown>): boolean {
    if (this.suspended()) return false
    const again = this.retreading()
    const isOpen = this.#run !== undefined && this.#run.open.size > 0
    if (!again && !isOpen && this.#told.length === 0) return true
    const mark = markOf(message)
    const known = this.#told.indexOf(mark)
    if (known !== -1) this.#told.splice(known, 1)
    if (known !== -1 || again) return false
    if (isOpen && this.#telling.length < mostTold) this.#telling.push(mark)
    return true
  }

  waiting(): boolean {
    // while steps run, the client has not been asked yet
    return this.#run !== undefined && this.#run.open.size > 0 && !this.busy()
  }

  override place(): Place {
    return { ...super.place(), asked: new Set(this.#at.asked), claimed: new Set(this.#at.claimed) }
  }

  override rewind(to?: Place): void {
    super.rewind(to)
    const at = this.#at
    at.abandoned ??= new Set()
    for (const id of at.asked) if (to?.asked.has(id) !== true) at.abandoned.add(id)
    at.asked = new Set(to?.asked)
    at.claimed = new Set(to?.claimed)
  }

  get #at(): Run {
    this.#run ??= new Run()
    return this.#run
  }

  protected override moved(): void {
    this.#at.moves.move()
  }

  protected override unrecorded(name: string): boolean {
    if (!this.#rehearsal) return false
    this.#stop(new ReplayDiverged(["no such step"], [`Durable.step(${JSON.stringify(name)})`]))
    return true
  }

  protected override recordedAsks(id: string): void {
    this.#at.closed.push(`${id}/`)
  }

  protected put(asked: Asked): Effect.Effect<unknown, AskRefused | AskTimedOut> {
    return Effect.callback<unknown, AskRefused>((resume) => {
      const known = this.#answerOf(asked)
      if (this.#defect !== undefined) return
      const { id, frame } = asked
      this.#at.asked.add(id)
      const waiting: Waiting = { id, asked, resume }
      if (known !== undefined) {
        if (this.#isGiven(id)) {
          // withdrawn, and asked once more by its key
          microtask(() => this.suspended() || resume(given(known[3], asked)))
          return
        }
        this.#at.again.set(id, waiting)
      } else {
        this.#at.open.set(id, waiting)
        for (let step = frame; step !== undefined; step = step.above) step.open++
        this.changed()
      }
      this.moved()
      this.#deliverSoon()
      void this.#settle()
      return Effect.sync(() => {
        if (this.suspended()) return
        // as if it had not been asked: the next equal ask takes its place
        this.#at.claimed.delete(waiting.id)
        if (this.#at.again.delete(waiting.id)) this.#passOn(waiting)
        else if (this.#at.open.has(id)) this.#close(waiting)
      })
    })
  }

  #close({ id, asked: { frame } }: Waiting): void {
    this.#at.open.delete(id)
    for (let step = frame; step !== undefined; step = step.above) step.open--
    this.moved()
    this.changed()
  }

  /**
   * An ask was withdrawn before the turn of its answer came, so it was not the one that was answered: the first equal one
   * that is open was.
   */
  #passOn({ id, asked: { base } }: Waiting): void {
    if (base === undefined || this.#isGiven(id)) return
    if (this.#takeUp(id, (one) => one === base)) this.#deliverSoon()
  }

  /** Lets the first ask of such a base that still waits, or for a later answer, be the one that was answered; false where there is none. */
  #takeUp(id: string, fits: (base: string) => boolean): boolean {
    const { again, open, claimed } = this.#at
    for (const waiting of [...again.values(), ...open.values()]) {
      const { base } = waiting.asked
      if (base === undefined || !fits(base) || this.#batchOf(waiting.id) <= this.#batchOf(id)) continue
      claimed.delete(waiting.id)
      if (!again.delete(waiting.id)) this.#close(waiting)
      waiting.id = this.#claim(id)
      again.set(id, waiting)
      return true
    }
    return false
  }

  /** Which of the batches holds an answer; beyond all of them where none does. */
  #batchOf(id: string): number {
    const at = this.#batches.findIndex((batch) => batch.has(id))
    return at === -1 ? Number.POSITIVE_INFINITY : at
  }

  /**
   * Of equal asks the first one takes the first answer there is. The number alone would not do: an ask that was withdrawn
   * unanswered, since something beside it failed, may not be made at all in a later round.
   */
  protected override claim(base: string): string {
    const free = (id: string) => !this.#at.claimed.has(id)
    for (const batch of this.#at.abandoned === undefined ? this.#batches.slice(this.#given) : this.#batches) {
      for (const id of batch.keys()) {
        if (isNumberOf(id, base) && free(id)) return this.#claim(id)
      }
    }
    let n = 0
    while (!free(numbered(base, n)) || this.#batches.some((batch) => batch.has(numbered(base, n)))) n++
    return this.#claim(numbered(base, n))
  }

  #claim(id: string): string {
    this.#at.claimed.add(id)
    this.#at.asked.add(id)
    return id
  }

  /** Whether an ask was answered in an earlier round, or by what came with this one. */
  #answerOf(asked: Asked): Answered | undefined {
    const { id, digest, label, options } = asked
    const batch = this.#batches.find((batch) => batch.has(id))
    const known = batch?.get(id)
    if (known === undefined) return this.#answerAhead(asked)
    if (known[1] !== digest) {
      this.#stop(new ReplayDiverged([known[2]], [label]))
      return undefined
    }
    const isFresh = this.#fresh > 0 && batch === this.#batches.at(-1)
    if (!isFresh || options.wellFormed(known[3])) return known
    const times = (this.#malformed.get(id) ?? 0) + 1
    if (times >= mostAttempts) {
      const refused: Answered = [id, digest, label, noAnswer]
      batch!.set(id, refused)
      return refused
    }
    // not an answer at all: asked again
    this.#malformed.set(id, times)
    batch!.delete(id)
    this.#fresh--
    return undefined
  }

  /** A client that knows what a first round asks may send the answers with it. */
  #answerAhead({ id, digest, label, options }: Asked): Answered | undefined {
    const responses = this.#responses
    if (this.#journal !== undefined || !Object.hasOwn(responses, id) || !options.wellFormed(responses[id]))
      return undefined
    const answer: Answered = [id, digest, label, responses[id]]
    this.#batches.push(new Map([[id, answer]]))
    return answer
  }

  #isGiven(id: string): boolean {
    return this.#batches.findIndex((batch) => batch.has(id)) < this.#given
  }

  /** In a microtask: nobody is resumed in the middle of the fiber that asks. */
  #deliverSoon(): void {
    if (this.#delivering || this.#given === this.#batches.length) return
    this.#delivering = true
    microtask(() => {
      this.#delivering = false
      while (!this.suspended() && this.#given < this.#batches.length) {
        const batch = this.#batches[this.#given]!
        for (const id of batch.keys()) if (!this.#at.again.has(id) && !this.#at.passed.has(id)) return
        this.#given++
        this.#give(batch.values())
      }
    })
  }

  #give(answers: Iterable<Answered>): void {
    for (const [id, , , answer] of answers) {
      const waiting = this.#at.again.get(id)
      // the one before it may have won a race against this one
      if (waiting === undefined) continue
      this.#at.again.delete(id)
      this.moved()
      waiting.resume(given(answer, waiting.asked))
    }
  }

  /** Waits until nothing moves any more, then decides: suspended, an answer is given out of turn, or diverged. */
  async #settle(): Promise<void> {
    if (this.#settling) return
    this.#settling = true
    const { moves } = this.#at
    const over = () => this.#ended || this.suspended()
    while (!over() && (this.#at.open.size > 0 || this.#at.again.size > 0)) {
      const seen = moves.count
      for (let turn = 0; turn < settleTurns; turn++) await macrotask()
      if (over() || moves.count !== seen) continue
      if (this.busy()) {
        if (!(await moves.next(seen, stuckMillis))) {
          this.facing.warn(stuck(this.runningSteps(), labelsOf(this.#at.open.values())))
          await moves.next(seen)
        }
      } else if (this.#given === this.#batches.length) {
        this.#suspend()
      } else {
        let moved = false
        for (let slice = 0; slice < graceSlices && !moved; slice++) {
          moved = await moves.next(seen, graceMillis / graceSlices)
        }
        if (!moved) this.#late()
      }
    }
    this.#settling = false
  }

  /**
   * Something of an earlier round is not asked again, though its time has come. Where others of its batch are, they get
   * their answers, and lead to it or not; where an equal ask is open, it was that one, since which of several comes first
   * depends on what was withdrawn meanwhile; where only other asks are left, the handler has taken another path.
   */
  #late(): void {
    const batch = this.#batches[this.#given]!
    const there = [...batch.values()].filter(([id]) => this.#at.again.has(id))
    if (there.length > 0) {
      for (const [id] of there) this.#at.passed.add(id)
      this.#give(there)
      return
    }
    const missing = [...batch.values()].filter(([id]) => !this.#at.passed.has(id))
    const isTaken = missing.map(([id]) => this.#takeUp(id, (base) => isNumberOf(id, base)))
    if (isTaken.includes(true)) {
      this.#deliverSoon()
      return
    }
    this.#stop(
      new ReplayDiverged(
        missing.map(([, , label]) => label),
        labelsOf([...this.#at.open.values(), ...this.#at.again.values()])
      )
    )
  }

  #suspend(): void {
    const round = (this.#journal?.round ?? 0) + 1
    const open = [...this.#at.open.values()].map(({ asked }) => asked)
    const { maxRounds } = this.facing
    if (round > maxRounds) {
      const labels = open.map(({ label }) => label)
      this.#stop(new TooManyRounds(maxRounds, labels))
      return
    }
    const requests = new Map(open.map(({ id, request }) => [id, request]))
    this.#suspension = { requests, journal: this.#journalOf(open) }
    this.#stopRun()
  }

  #journalOf(open: ReadonlyArray<Asked>): Journal {
    const told = [...(this.#journal?.told ?? []), ...this.#telling]
    const { abandoned, asked, closed } = this.#at
    const isClosed = (id: string) =>
      closed.some((step) => id.startsWith(step)) || (abandoned?.has(id) === true && !asked.has(id))
    return {
      version: journalVersion,
      callId: this.seed,
      round: (this.#journal?.round ?? 0) + 1,
      answers: this.#batches
        .map((batch) => [...batch.values()].filter(([id]) => !isClosed(id)))
        .filter((batch) => batch.length > 0),
      steps: Object.fromEntries(this.steps ?? []),
      ...(this.#malformed.size === 0 ? undefined : { malformed: Object.fromEntries(this.#malformed) }),
      ...(told.length === 0 ? undefined : { told }),
      open: open.map(({ id, digest, label }): Open => [id, digest, label])
    }
  }

  #stop(defect: Error): void {
    this.#defect = defect
    this.#stopRun()
  }
}

/** Whether an id is that of one of several equal asks. */
const isNumberOf = (id: string, base: string): boolean => id === base || id.startsWith(`${base}#`)

const labelsOf = (waiting: Iterable<Waiting>): ReadonlyArray<string> => Array.from(waiting, ({ asked }) => asked.label)
