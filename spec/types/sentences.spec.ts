import { readdirSync, readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { root, tsc } from "./tsc.ts"

/**
 * In the fixtures a line `//~ TS2345 sentence` says which error the next line of code has; the sentence is one whole line
 * of what the compiler prints for it.
 */
interface Mistake {
  readonly at: string
  readonly code: string
  readonly sentence: string
}

const folder = `${root}spec/types/fixtures/`

const expectedOf = (file: string, text: string): ReadonlyArray<Mistake> => {
  const mistakes: Array<Mistake> = []
  let pending: Array<Omit<Mistake, "at">> = []
  for (const [index, line] of text.split("\n").entries()) {
    const [, code, sentence] = /^\s*\/\/~ (TS\d+) (.+)$/.exec(line) ?? []
    if (code !== undefined && sentence !== undefined) pending.push({ code, sentence })
    else {
      mistakes.push(...pending.map((one) => ({ at: `${file}:${index + 1}`, ...one })))
      pending = []
    }
  }
  return mistakes
}

interface Reported {
  readonly at: string
  readonly code: string
  readonly lines: ReadonlyArray<string>
}

const reportedOf = (printed: string): ReadonlyArray<Reported> => {
  const reported: Array<{ readonly at: string; readonly code: string; readonly lines: Array<string> }> = []
  for (const line of printed.split("\n").filter((text) => text.trim() !== "")) {
    const [, file, number, code, first] = /^fixtures\/(.+)\((\d+),\d+\): error (TS\d+): (.+)$/.exec(line) ?? []
    if (file !== undefined) reported.push({ at: `${file}:${number}`, code: code!, lines: [first!] })
    else if (reported.length > 0) reported.at(-1)!.lines.push(line.trim())
    else reported.push({ at: line, code: "", lines: [line] })
  }
  return reported
}

/** What was reported, in the words that were expected of it, or in all of its own. */
/** A sentence that ends in a colon is pinned without what follows: tsc lists properties in no order of ours. */
const says = (line: string, { sentence }: Mistake) =>
  sentence.endsWith(":") ? line.startsWith(sentence) : line === sentence

const worded = ({ at, code, lines }: Reported, expected: ReadonlyArray<Mistake>): Mistake => {
  const known = expected.find((one) => one.at === at && lines.some((line) => says(line, one)))
  return { at, code, sentence: known?.sentence ?? lines.join("\n") }
}

const sorted = (mistakes: ReadonlyArray<Mistake>) =>
  mistakes.map(({ at, code, sentence }) => `${at} ${code} ${sentence}`).sort()

it("every mistake is refused where it was made, with the sentence that says so, and nothing else is", async () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"))
  const expected = files.flatMap((file) => expectedOf(file, readFileSync(`${folder}${file}`, "utf8")))
  const reported = reportedOf(await tsc("-p", "fixtures"))
  expect(sorted(reported.map((one) => worded(one, expected)))).toEqual(sorted(expected))
  expect(expected.length).toBeGreaterThan(80)
}, 60_000)
