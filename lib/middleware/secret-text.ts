import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import type { Finder } from "./secret-patterns.ts"

/** What stands in place of what was found, and how it is known again, so that redacting twice changes nothing more. */
export interface Replacement {
  readonly of: (secret: string) => string
  /** What it always is, where the secret does not matter. */
  readonly always: string | undefined
  /** Undefined where a function decides: its words are taken as they are. */
  readonly known: RegExp | undefined
}

/** Always the same text. */
export const fixedReplacement = (text: string): Replacement => ({
  of: () => text,
  always: text,
  known: new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), "g")
})

/** `[redacted:…]` with 128 bits of HMAC-SHA-256 (RFC 2104) in hex: equal secrets stay recognisable as equal. */
export const hashReplacement = (key: Uint8Array): Replacement => ({
  of: (secret) => `[redacted:${bytesToHex(hmac(sha256, key, utf8ToBytes(secret))).slice(0, 32)}]`,
  always: undefined,
  known: /\[redacted:[0-9a-f]{32}\]/g
})

/**
 * Replaces all that is found in a text; gives the very text where that is nothing. A text longer than `most` is replaced
 * whole: in a part of it, a match could be missed.
 */
export const textRedactor = (
  finders: ReadonlyArray<Finder>,
  { of, known }: Replacement,
  most: number
): ((text: string) => string) => {
  if (finders.length === 0) return (text) => text
  const once = (text: string): string => {
    const spans = spansIn(text, finders)
    const left = known === undefined || spans.length === 0 ? spans : outside(spans, text, known)
    if (left.length === 0) return text
    let made = ""
    let past = 0
    for (const [start, end] of left) {
      made += text.slice(past, start) + of(text.slice(start, end))
      past = end
    }
    return made + text.slice(past)
  }
  if (known === undefined) return (text) => (text.length > most ? of(text) : once(text))
  return (text) => {
    if (text.length > most) return of(text)
    let now = text
    // what was glued to a secret may only be recognised once that is gone
    for (let pass = 0; pass < mostPasses; pass++) {
      const next = once(now)
      if (next === now) return now
      now = next
    }
    return now
  }
}

const mostPasses = 8

type Span = [start: number, end: number]

/** In order, those that overlap made one. */
const spansIn = (text: string, finders: ReadonlyArray<Finder>): ReadonlyArray<Span> => {
  const all: Array<Span> = []
  for (const find of finders) find(text, (start, end) => all.push([start, end]))
  if (all.length < 2) return all
  all.sort((a, b) => a[0] - b[0] || b[1] - a[1])
  const merged: Array<Span> = []
  for (const span of all) {
    const last = merged.at(-1)
    if (last !== undefined && span[0] < last[1]) last[1] = Math.max(last[1], span[1])
    else merged.push(span)
  }
  return merged
}

/** Those that do not lie within a replacement made before. */
const outside = (spans: ReadonlyArray<Span>, text: string, known: RegExp): ReadonlyArray<Span> => {
  const made = text.matchAll(known)
  let next = made.next()
  return spans.filter(([start, end]) => {
    while (next.done !== true && next.value.index + next.value[0].length <= start) next = made.next()
    return next.done === true || start < next.value.index || end > next.value.index + next.value[0].length
  })
}
