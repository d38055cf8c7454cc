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
  const refused = walked(text, maxDepth)
  if (refused !== undefined) {
    return { ok: false, refusal: refused }
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

/**
 * What a message may hold, in weights that follow the time an engine takes, in which nobody else is served: an item of an array
 * weighs 2, a string 5, a member, an object or an array 10. As much as this takes 15 to 40 ms, whatever it is made of.
 */
const mostWeight = 320_000

const tooMany = refusal(
  "too-many-values",
  "The message holds too many values: at most 32,000 members, objects and arrays, 64,000 strings, 160,000 other items of arrays, or a mix that weighs as much."
)

// Text d levels deep holds at least d openers, and no character weighs more than 5 on average. Short text, and text with few openers,
// needs no walk: counting openers with indexOf costs a tenth of one.
const walked = (text: string, maxDepth: number): Refusal | undefined =>
  text.length > maxDepth && (text.length > mostWeight / 5 || hasMoreOpeners(text, maxDepth))
    ? walk(text, maxDepth)
    : undefined

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

const walk = (text: string, maxDepth: number): Refusal | undefined => {
  let depth = 0
  let weight = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = closingQuote(text, at)
        if (at === -1) {
          return undefined
        }
        weight += 3
        break
      case 0x2c: // ,
        weight += 2
        if (weight > mostWeight) {
          return tooMany
        }
        break
      case 0x3a: // :
        weight += 5
        break
      case 0x5b: // [
      case 0x7b: // {
        weight += 8
        if (++depth > maxDepth) {
          return tooDeep(maxDepth)
        }
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
    }
  }
  return weight > mostWeight ? tooMany : undefined
}
