/** What really happened during the calls of one key, in the process that serves them. */
export interface Ledger {
  /** How often the handler was run. */
  runs: number
  readonly steps: Record<string, number>
  /** What was remembered first. */
  remembered: string | undefined
}

const ledgers = new Map<string, Ledger>()

/** The ledger of a key, made at its first use. */
export const ledger = (key: string): Ledger => {
  let known = ledgers.get(key)
  if (known === undefined) {
    known = { runs: 0, steps: {}, remembered: undefined }
    ledgers.set(key, known)
  }
  return known
}

/** Does a step's work once more, and says how often it was done by now. */
export const did = (key: string, step: string): number => {
  const { steps } = ledger(key)
  steps[step] = (steps[step] ?? 0) + 1
  return steps[step]
}

/** Whether a value is the one that the first run came to. */
export const isAsRemembered = (key: string, value: unknown): boolean => {
  const known = ledger(key)
  known.remembered ??= JSON.stringify(value)
  return known.remembered === JSON.stringify(value)
}
