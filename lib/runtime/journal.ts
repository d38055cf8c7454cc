/** One answered ask: its id, a digest of what was asked, the words it has in messages, and the client's raw result. */
export type Answered = readonly [id: string, asked: string, label: string, answer: unknown]

/** One ask that waits for its answer. */
export type Open = readonly [id: string, asked: string, label: string]

/** How a step ended: with a value, with nothing, or with a failure. */
export type Recorded = readonly ["value", unknown] | readonly ["nothing"] | readonly ["failure", unknown]

/**
 * What one call has asked, heard and done in its rounds so far. Plain JSON: it travels sealed in `requestState`, or lies
 * in a `JournalStore`, and any process that can open it goes on with the call.
 */
export interface Journal {
  /** Of this format; a journal of another one is refused. */
  readonly version: typeof journalVersion
  readonly callId: string
  /** Rounds that have ended. */
  readonly round: number
  /** By the round that brought them, each batch in the order its asks were made. */
  readonly answers: ReadonlyArray<ReadonlyArray<Answered>>
  readonly steps: Readonly<Record<string, Recorded>>
  /** How often asks were answered by what is no answer to them. */
  readonly malformed?: Readonly<Record<string, number>> | undefined
  /** Digests of what was told while a question was open: a later round may come to it once its answer is there. */
  readonly told?: ReadonlyArray<string> | undefined
  /** What the client may answer now, in the order it was asked. */
  readonly open: ReadonlyArray<Open>
}

export const journalVersion = 1

/** Stands in a journal for the answer of a client that gave none, however often it was asked. */
export const noAnswer = { "~mcpipe/noAnswer": true } as const

/** Whether what a journal has of an ask is `noAnswer`; no answer that a client may give looks like it. */
export const isNoAnswer = (answer: unknown): boolean =>
  typeof answer === "object" && answer !== null && Object.hasOwn(answer, "~mcpipe/noAnswer")

/** The journal with what the client answered: only asks that are open take an answer, everything else is ignored. */
export const answered = (journal: Journal, responses: Readonly<Record<string, unknown>>): Journal => {
  const batch: Array<Answered> = []
  const open: Array<Open> = []
  for (const one of journal.open) {
    const [id, asked, label] = one
    if (Object.hasOwn(responses, id)) batch.push([id, asked, label, responses[id]])
    else open.push(one)
  }
  return batch.length === 0 ? journal : { ...journal, answers: [...journal.answers, batch], open }
}

/** Whether a value that a sealed state held is a journal of this version. */
export const isJournal = (u: unknown): u is Journal =>
  typeof u === "object" && u !== null && (u as Partial<Journal>).version === journalVersion
