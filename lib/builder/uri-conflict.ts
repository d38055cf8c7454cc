import type { UriParts } from "./uri-syntax.ts"

/** Whether some URI matches both templates, by walking them side by side; exact, apart from names in the query. */
export const patternsOverlap = (a: UriParts, b: UriParts): boolean => {
  if (differAtOnce(a, b)) return false
  const left = stepsOf(a)
  const right = stepsOf(b)
  const seen = new Set<number>()
  const todo: Array<readonly [number, number]> = [[0, 0]]
  const visit = (i: number, j: number) => {
    const key = i * (right.length + 1) + j
    if (seen.has(key)) return
    seen.add(key)
    todo.push([i, j])
  }
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [i, j] = next
    if (i === left.length && j === right.length) return true
    const one = left[i]
    const two = right[j]
    if (one?.skipTo !== undefined) visit(one.skipTo, j)
    if (two?.skipTo !== undefined) visit(i, two.skipTo)
    if (one !== undefined && two !== undefined && shareCharacter(one, two)) {
      visit(one.repeats ? i : i + 1, two.repeats ? j : j + 1)
    }
  }
  return false
}

/** Whether they begin, or end, with different texts: that costs nothing to see. */
const differAtOnce = (a: UriParts, b: UriParts): boolean => {
  const [one, two] = [a.texts[0]!, b.texts[0]!]
  if (!one.startsWith(two) && !two.startsWith(one)) return true
  if (a.query.length > 0 || b.query.length > 0) return false
  const [left, right] = [a.texts.at(-1)!, b.texts.at(-1)!]
  return !left.endsWith(right) && !right.endsWith(left)
}

/** One character of a URI: exactly `literal`, or anything outside `except`. */
interface Step {
  readonly literal?: string
  readonly except?: string
  /** May be taken again. */
  readonly repeats?: boolean
  /** May be left out by going on there. */
  readonly skipTo?: number
}

const stepsOf = (parts: UriParts): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  parts.texts.forEach((text, index) => {
    for (const literal of text.split("")) steps.push({ literal })
    const variable = parts.variables[index]
    if (variable === undefined) return
    const except = variable.kind === "path" ? "?#" : "/?#"
    steps.push({ except })
    steps.push({ except, repeats: true, skipTo: steps.length + 1 })
  })
  if (parts.query.length > 0) {
    steps.push({ literal: "?", skipTo: steps.length + 2 })
    steps.push({ except: "#", repeats: true, skipTo: steps.length + 1 })
  }
  return steps
}

const shareCharacter = (a: Step, b: Step): boolean => {
  if (a.literal !== undefined) return b.literal !== undefined ? a.literal === b.literal : !b.except!.includes(a.literal)
  return b.literal === undefined || !a.except!.includes(b.literal)
}
