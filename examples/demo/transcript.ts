/** Prints what was called and what came back, and remembers whether every answer was the expected one. */
import { isDeepStrictEqual } from "node:util"

export interface Transcript {
  readonly title: (text: string) => void
  readonly called: (what: string) => void
  /** One notification that came while a call ran. */
  readonly heard: (what: string) => void
  /** Something that the server asked while a call ran, and what it was told. */
  readonly asked: (question: string, told: unknown) => void
  /** Prints an answer; where it is not the expected one, prints that too and counts it as wrong. */
  readonly answered: (got: unknown, wanted: unknown) => void
  readonly wrong: () => number
  readonly checked: () => number
  /** Everything so far, so that parts which ran at the same time can be printed one after the other. */
  readonly text: () => string
}

export const transcript = (): Transcript => {
  const lines: Array<string> = []
  let wrong = 0
  let checked = 0
  return {
    title: (text) => void lines.push("", text),
    called: (what) => void lines.push(`  -> ${what}`),
    heard: (what) => void lines.push(`   . ${what}`),
    asked: (question, told) => void lines.push(`   ? ${question}`, `   ! ${show(told)}`),
    answered: (got, wanted) => {
      checked++
      const right = isDeepStrictEqual(plain(got), plain(wanted))
      lines.push(`  <- ${show(got)}${right ? "" : "   WRONG"}`)
      if (right) return
      wrong++
      lines.push(`     expected ${show(wanted)}`)
    },
    wrong: () => wrong,
    checked: () => checked,
    text: () => lines.join("\n")
  }
}

/** As JSON has it: without undefined fields and prototypes. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)))

const show = (value: unknown): string =>
  typeof value === "string" ? value.replaceAll("\n", "\n     ") : JSON.stringify(value)
