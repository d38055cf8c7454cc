/** Makes the text under which a payload is recorded. */
export type WritePayload = (value: unknown) => string

/**
 * Writes JSON text of at most `max` characters, and says how many were cut. `redact` gets a copy as plain JSON data, so that
 * it can change nothing else; where it throws, nothing of the payload is shown.
 */
export const payloadWriter = (max: number, redact: ((value: unknown) => unknown) | undefined): WritePayload =>
  redact === undefined
    ? (value) => textOf(value, max)
    : (value) => {
        let shown: unknown
        try {
          shown = redact(copyOf(value))
        } catch {
          return "(not shown: redact threw)"
        }
        return textOf(shown, max)
      }

const copyOf = (value: unknown): unknown => {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}

const textOf = (value: unknown, max: number): string => {
  try {
    return cut(JSON.stringify(value) ?? "null", max)
  } catch {
    return "(not shown: it is not JSON)"
  }
}

/** JSON text cut where neither a character nor an escape is split, saying how many UTF-16 code units are missing. */
export const cut = (text: string, max: number): string => {
  if (text.length <= max) return text
  const end = wholeUpTo(text, max)
  return `${text.slice(0, end)}… (${text.length - end} more characters)`
}

const wholeUpTo = (text: string, end: number): number => {
  const code = text.charCodeAt(end - 1)
  if (code >= 0xd800 && code <= 0xdbff) return end - 1
  // an escape of a code unit, of which up to four characters stand before the cut beside its backslash
  for (let at = end - 1; at >= 0 && at >= end - 5; at--) {
    if (text[at] === "\\") return escapes(text, at) && at + escapeLength(text, at) > end ? at : end
    if (!/[u0-9a-fA-F]/.test(text[at]!)) return end
  }
  return end
}

/** Whether the backslash at a place begins an escape: an odd one in its row. */
const escapes = (text: string, at: number): boolean => {
  let first = at
  while (text[first - 1] === "\\") first--
  return (at - first) % 2 === 0
}

const escapeLength = (text: string, at: number): number => (text[at + 1] === "u" ? 6 : 2)
