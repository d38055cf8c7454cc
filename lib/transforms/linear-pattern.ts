import { parsePattern, type Pattern } from "./pattern-syntax.ts"

/** How much work searches with a pattern may still do, in steps of the machine. */
export interface Budget {
  left: number
}

/** One step of the machine: a character, a place between two, or where to go on. */
type Instruction =
  | { readonly type: "char"; readonly fits: (char: string) => boolean }
  | { readonly type: "place"; readonly fits: (before: string, after: string) => boolean }
  | { readonly type: "split"; readonly to: ReadonlyArray<number> }
  | { readonly type: "end" }

const maxInstructions = 1_000

/**
 * Compiles a regular expression into a search that takes time in proportion to its length times that of the text: all ways to
 * match are followed at once, so that none is ever gone back to. Case does not matter. Throws a `SyntaxError` that says what it
 * does not know: back-references, looking around, flags, Unicode properties. The search throws a `RangeError` once its budget
 * is spent.
 */
export const linearPattern = (source: string): ((text: string, budget: Budget) => boolean) => {
  const program: Array<Instruction> = []
  emit(parsePattern(source), program)
  program.push({ type: "end" })
  return (text, budget) => search(program, text, budget)
}

const emit = (pattern: Pattern, program: Array<Instruction>): void => {
  if (program.length > maxInstructions) throw new SyntaxError("it is too large; repeat less")
  switch (pattern.type) {
    case "char":
    case "place":
      program.push(pattern)
      return
    case "sequence":
      for (const item of pattern.items) emit(item, program)
      return
    case "choice": {
      const split = { type: "split" as const, to: [] as Array<number> }
      program.push(split)
      const ends: Array<{ readonly type: "split"; readonly to: Array<number> }> = []
      for (const item of pattern.items) {
        split.to.push(program.length)
        emit(item, program)
        const end = { type: "split" as const, to: [] as Array<number> }
        ends.push(end)
        program.push(end)
      }
      for (const end of ends) end.to.push(program.length)
      return
    }
    case "repeat": {
      const { item, min, max } = pattern
      for (let n = 0; n < min; n++) emit(item, program)
      if (max === undefined) {
        const split = { type: "split" as const, to: [program.length + 1] }
        const start = program.push(split) - 1
        emit(item, program)
        program.push({ type: "split", to: [start] })
        split.to.push(program.length)
        return
      }
      const splits: Array<Array<number>> = []
      for (let n = min; n < max; n++) {
        const to = [program.length + 1]
        splits.push(to)
        program.push({ type: "split", to })
        emit(item, program)
      }
      for (const to of splits) to.push(program.length)
    }
  }
}

const search = (program: ReadonlyArray<Instruction>, text: string, budget: Budget): boolean => {
  const chars = [...text]
  let current = new Set<number>()
  for (let at = 0; at <= chars.length; at++) {
    const before = chars[at - 1] ?? ""
    const after = chars[at] ?? ""
    // a match may begin at every place
    const reached = follow(program, [...current, 0], before, after, budget)
    if (reached === undefined) return true
    current = new Set()
    for (const index of reached) {
      const instruction = program[index]!
      if (instruction.type === "char" && after !== "" && instruction.fits(after)) current.add(index + 1)
    }
  }
  return false
}

/** The characters that may come next; undefined where the pattern has matched. */
const follow = (
  program: ReadonlyArray<Instruction>,
  from: Array<number>,
  before: string,
  after: string,
  budget: Budget
): ReadonlySet<number> | undefined => {
  const seen = new Set<number>()
  const open = from
  while (open.length > 0) {
    const index = open.pop()!
    if (seen.has(index)) continue
    if (--budget.left < 0) throw new RangeError("it takes too long to search with")
    seen.add(index)
    const instruction = program[index]!
    if (instruction.type === "end") return undefined
    if (instruction.type === "split") open.push(...instruction.to)
    else if (instruction.type === "place" && instruction.fits(before, after)) open.push(index + 1)
  }
  return seen
}
