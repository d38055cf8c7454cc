/** What a text holds as JSON; `found` is false where it holds none. */
export type FoundJson = { readonly found: true; readonly value: unknown } | { readonly found: false }

/**
 * The JSON in a model's answer: the whole text, else the first fenced block that is JSON, else the first object or array
 * that stands in the text. The work grows with the length of the text, whatever it holds.
 */
export const findJson = (text: string): FoundJson => {
  const whole = parse(text)
  if (whole.found) return whole
  for (const block of fenced(text)) {
    const inside = parse(block)
    if (inside.found) return inside
  }
  return embedded(text)
}

const parse = (text: string): FoundJson => {
  try {
    return { found: true, value: JSON.parse(text) }
  } catch {
    return none
  }
}

const none: FoundJson = { found: false }

const FENCE = /^[ \t]*(`{3,}|~{3,})[^\n]*$/

/** What stands between lines that begin with three backticks or tildes; one that is never closed reaches to the end. */
const fenced = (text: string): ReadonlyArray<string> => {
  const blocks: Array<string> = []
  let mark: string | undefined
  let lines: Array<string> = []
  for (const line of text.split("\n")) {
    const fence = FENCE.exec(line)?.[1]
    if (mark === undefined) mark = fence
    else if (fence?.startsWith(mark)) {
      blocks.push(lines.join("\n"))
      mark = undefined
      lines = []
    } else lines.push(line)
  }
  if (mark !== undefined) blocks.push(lines.join("\n"))
  return blocks
}

/** Starting points that are tried: an answer with more of them and no JSON yet is not one in JSON. */
const MOST_STARTS = 16

const embedded = (text: string): FoundJson => {
  let at = 0
  for (let tries = 0; tries < MOST_STARTS; tries++) {
    const start = nextOpening(text, at)
    if (start === -1) return none
    const end = closing(text, start)
    const inside = end === -1 ? none : parse(text.slice(start, end + 1))
    if (inside.found) return inside
    // what stands inside of something broken is a part of it, not the answer
    at = (end === -1 ? start : end) + 1
  }
  return none
}

const nextOpening = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) if (text[at] === "{" || text[at] === "[") return at
  return -1
}

/** Where what opens at `start` closes, brackets in strings aside; -1 where it does not. */
const closing = (text: string, start: number): number => {
  let depth = 0
  let quoted = false
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (quoted) {
      if (char === "\\") at++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === "{" || char === "[") depth++
    else if ((char === "}" || char === "]") && --depth === 0) return at
  }
  return -1
}
