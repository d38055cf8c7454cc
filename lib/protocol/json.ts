import { formatPath, shorten, shortJson } from "../builder/issues.ts"
import { closingQuote, type DuplicateKey, duplicateKey } from "./json-keys.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** The outcome of `parseJson`: a value, or a refusal that says what is wrong with the text. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly refusal: Refusal }

/**
 * Parses one JSON document from the wire. Text nested deeper than `maxDepth` levels is refused as `too-deep` before it is
 * parsed, so no later recursion over the value can overflow the stack; what is not JSON as `parse-error`; two members of
 * one name in a message, its `params` or `params._meta` as `invalid-request`, and where `strict` is true anywhere else too.
 */
export const parseJson = (text: string, maxDepth: number, strict = false): ParsedJson => {
  if (isDeeper(text, maxDepth)) {
    return { ok: false, refusal: tooDeep(maxDepth) }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // The engine quotes the text around the fault: the client's own bytes, cut to a line.
    const fault = error instanceof Error ? wellFormed(error.message.slice(0, 200)) : "it cannot be parsed"
    return { ok: false, refusal: refusal("parse-error", `The message is not valid JSON: ${fault}`) }
  }
  const duplicate = duplicateKey(text, value, strict)
  return duplicate === undefined ? { ok: true, value } : { ok: false, refusal: ambiguous(duplicate) }
}

const ambiguous = ({ key, path }: DuplicateKey): Refusal => {
  const where = path.length === 0 ? "The message" : shorten(formatPath(path), 200)
  const message = `${where} has two members named ${shortJson(key, 60)}: name each member of a JSON object once.`
  return refusal("invalid-request", wellFormed(message))
}

/** Text without half characters, which strict JSON parsers would refuse an answer for. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd")

/** The refusal of a message that nests deeper than `maxDepth` levels. */
export const tooDeep = (maxDepth: number): Refusal =>
  refusal("too-deep", `The message nests deeper than ${maxDepth} levels, the most this server reads.`)

/** The refusal of bytes that are not UTF-8, as JSON must be (RFC 8259 §8.1). */
export const notUtf8: Refusal = refusal(
  "parse-error",
  "The message is not valid UTF-8, as JSON must be (RFC 8259 §8.1)."
)

// Text d levels deep holds at least d openers. Short text, and text with few openers, needs no scan:
// counting openers with indexOf costs a tenth of a walk over the characters.
const isDeeper = (text: string, maxDepth: number): boolean =>
  text.length > maxDepth && hasMoreOpeners(text, maxDepth) && nestsDeeper(text, maxDepth)

const hasMoreOpeners = (text: string, limit: number): boolean => {
  let count = 0
  for (let at = text.indexOf("{"); at !== -1; at = text.indexOf("{", at + 1)) {
    if (++count > limit) {
      return true
    }
  }
  for (let at = text.indexOf("["); at !== -1; at = text.indexOf("[", at + 1)) {
    if (++count > limit) {
      return true
    }
  }
  return false
}

const nestsDeeper = (text: string, maxDepth: number): boolean => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = closingQuote(text, at)
        if (at === -1) {
          return false
        }
        break
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth) {
          return true
        }
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
    }
  }
  return false
}
