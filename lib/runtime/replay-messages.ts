/** A later run of a handler asked something else than the run before it; a bug of the author, so it is a defect. */
export class ReplayDiverged extends Error {
  override readonly name = "ReplayDiverged"
  constructor(before: ReadonlyArray<string>, now: ReadonlyArray<string>) {
    super(
      `The handler took another path than in an earlier round. Asked before: ${before.join(", ")}; asked now: ${now.join(", ")}. ` +
        "On 2026-07-28 a handler runs from its start in each round, so what decides what it asks must be the same each time: " +
        "take time, randomness and I/O from Durable.now, Durable.random and Durable.step(name, effect)."
    )
  }
}

/** A call asked in more rounds than it may. */
export class TooManyRounds extends Error {
  override readonly name = "TooManyRounds"
  constructor(rounds: number, asks: ReadonlyArray<string>) {
    super(
      `The call has asked in ${rounds} rounds, the most that maxRounds allows, and was to ask again: ${asks.join(", ")}.`
    )
  }
}

/** What waits for what, where steps run beside open questions. */
export const stuck = (steps: ReadonlyArray<string>, open: ReadonlyArray<string>): string =>
  `A question is open while steps run, so the round waits for them: ${open.join(", ")} beside ${steps
    .map((step) => `Durable.step(${JSON.stringify(step)})`)
    .join(", ")}. A step that waits for the answer never ends: ask before it.`

/** Answers that nobody asked for any more. */
export const unheard = (asks: ReadonlyArray<string>): string =>
  `The handler has ended without asking what it asked in an earlier round, so what the client answered went unheard: ${asks.join(", ")}. ` +
  "What decides what is asked must be the same in each round: take it from Durable.now, Durable.random and Durable.step(name, effect)."
