/**
 * E-mail addresses as people write them: dot-atoms of RFC 5322, also with letters beyond ASCII, before an @ and a domain
 * that ends in letters. Not quoted local parts, nor hosts without a dot. What separates values elsewhere (`=`, `/`, `?`,
 * `&`, quotes, brackets) ends an address.
 */
export const findEmails = (text: string, found: (start: number, end: number) => void): void => {
  let past = 0
  for (let at = text.indexOf("@"); at !== -1; at = text.indexOf("@", at + 1)) {
    let start = at
    // stops at the @ before, which no local part has: every character is looked at once from either side
    while (start > past && isLocal(text.charCodeAt(start - 1))) start--
    if (start === at) continue
    const end = domainEnd(text, at + 1)
    if (end === undefined) continue
    found(start, end)
    past = end
  }
}

/** Where the longest domain that begins at a place ends; undefined where none does. */
const domainEnd = (text: string, start: number): number | undefined => {
  let stop = start
  while (stop < text.length && isDomain(text.charCodeAt(stop))) stop++
  for (let dot = stop - 1; dot > start; dot--) {
    if (text.charCodeAt(dot) !== dotCode) continue
    const end = topLevelEnd(text, dot + 1, stop)
    if (end !== undefined) return end
  }
  return undefined
}

/** Where two letters or more end, or an encoded label (`xn--`); undefined where there are none. */
const topLevelEnd = (text: string, start: number, stop: number): number | undefined => {
  const encoded = text.slice(start, start + 4).toLowerCase() === "xn--"
  let end = start
  while (end < stop) {
    const code = text.charCodeAt(end)
    if (!(isLetter(code) || (encoded && code !== dotCode))) break
    end++
  }
  return end - start >= 2 ? end : undefined
}

const dotCode = 0x2e

const isLetter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || isBeyondAscii(code)

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const isDomain = (code: number): boolean => isLetter(code) || isDigit(code) || code === dotCode || code === 0x2d

/** `.!#$%'*+-^_~` beside letters and digits. */
const isLocal = (code: number): boolean =>
  isDomain(code) ||
  (code >= 0x23 && code <= 0x25) ||
  code === 0x21 ||
  code === 0x27 ||
  code === 0x2a ||
  code === 0x2b ||
  code === 0x5e ||
  code === 0x5f ||
  code === 0x7e

/** Letters and what is invisible, such as U+200B, which would hide an address otherwise; not spaces and punctuation. */
const isBeyondAscii = (code: number): boolean => {
  if (code < 0xa1) return false
  if (code === 0xab || code === 0xbb || code === 0x3000 || code === 0x1680) return false
  if (code >= 0x2000 && code <= 0x206f) return (code >= 0x200b && code <= 0x200f) || code >= 0x2060
  return !(code >= 0x3001 && code <= 0x303f)
}
