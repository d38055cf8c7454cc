type Found = (start: number, end: number) => void

/**
 * Payment cards (ISO/IEC 7812): 13 to 19 digits, with one space, dot or dash between groups of three or more, that begin as
 * card numbers do and pass the Luhn check. One in ten numbers of that shape passes by chance.
 */
export const findCards = (text: string, found: Found): void => {
  /** The groups of digits that hang together and could still be the beginning of a card, at most 19 digits. */
  let open: Array<Group> = []
  let digits = 0
  let past = -1
  groups.lastIndex = 0
  for (let match = groups.exec(text); match !== null; match = groups.exec(text)) {
    const [one] = match
    const start = match.index
    let end = start + one.length
    if (one.length === mostInRow) {
      while (isDigit(text.charCodeAt(end))) end++
      groups.lastIndex = end
    }
    if (!(start - past === 1 && isSeparator(text.charCodeAt(past)))) {
      open = []
      digits = 0
    }
    past = end
    if (end - start > most) {
      open = []
      digits = 0
      continue
    }
    open.push({ start, text: one })
    digits += one.length
    while (digits > most) digits -= open.shift()!.text.length
    reportCards(open, end, found)
    // a short group can only be the last of a card
    if (one.length < 3) {
      open = []
      digits = 0
    }
  }
}

interface Group {
  readonly start: number
  readonly text: string
}

const most = 19
const mostInRow = 20

// bounded, because a greedy loop over megabytes of digits would overflow the engine's stack
const groups = /\d{1,20}/g

const reportCards = (open: ReadonlyArray<Group>, end: number, found: Found): void => {
  let number = ""
  for (let i = open.length - 1; i >= 0; i--) {
    number = open[i]!.text + number
    if (number.length >= 13 && /^(?:[2-6]|81)/.test(number) && passesLuhn(number)) found(open[i]!.start, end)
  }
}

const passesLuhn = (digits: string): boolean => {
  let sum = 0
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const digit = digits.charCodeAt(i) - 0x30
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

const isSeparator = (code: number): boolean =>
  code === 0x20 ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0xa0 ||
  code === 0x202f ||
  (code >= 0x2010 && code <= 0x2015)

/**
 * Bank accounts (ISO 13616): two letters, two check digits and 11 to 30 letters or digits that pass the check, in one row or
 * in groups with one space or dash between.
 */
export const findIbans = (text: string, found: Found): void => {
  ibans.lastIndex = 0
  for (let match = ibans.exec(text); match !== null; match = ibans.exec(text)) {
    const length = ibanLength(match[0])
    if (length !== undefined) found(match.index, match.index + length)
    ibans.lastIndex = match.index + (length ?? 4)
  }
}

const ibans = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00A0-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])/g

/** How much of a text, up to the end of one of its groups, is an account; the longest that passes. */
const ibanLength = (text: string): number | undefined => {
  const country = value(text, 0) * 100 + value(text, 1)
  const check = value(text, 2) * 10 + value(text, 3)
  let rest = 0
  let count = 4
  let length: number | undefined
  for (let at = 4; at < text.length; at++) {
    const one = value(text, at)
    if (one === -1) continue
    rest = (rest * (one > 9 ? 100 : 10) + one) % 97
    count++
    // the first four characters count last, and letters as two digits from 10 on
    const ends = count >= 15 && (at + 1 === text.length || value(text, at + 1) === -1)
    if (ends && (rest * 1_000_000 + country * 100 + check) % 97 === 1) length = at + 1
  }
  return length
}

/** 0 to 35 for a digit or letter; -1 for what is between groups. */
const value = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  if (isDigit(code)) return code - 0x30
  const upper = code & 0xdf
  return upper >= 0x41 && upper <= 0x5a ? upper - 0x37 : -1
}

/**
 * Telephone numbers: international ones of 7 to 15 digits with + or 00 in front (ITU-T E.164), those of North America in
 * their usual grouping, and national ones of 9 to 13 digits that begin with 0.
 */
export const findPhones = (text: string, found: Found): void => {
  for (const pattern of phones) {
    pattern.lastIndex = 0
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const [one] = match
      if (pattern !== national || digitsIn(one) >= 9) found(match.index, match.index + one.length)
    }
  }
}

const international = /(?:(?<!\d)\+|(?<![A-Za-z0-9-])00)[1-9](?:[ \u00A0()./-]{0,3}\d){6,14}(?!\d)/g
const northAmerican = /(?<![A-Za-z0-9-])(?:1[ .-])?(?:\(\d{3}\)[ -]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![A-Za-z0-9]|-\w)/g
const national = /(?<![A-Za-z0-9-])\(?0\d{1,5}\)?[ /-]{0,2}\d{3,8}(?:[ -]\d{1,5}){0,3}(?![A-Za-z0-9]|-\w)/g
const phones = [international, northAmerican, national]

const digitsIn = (text: string): number => text.replace(/\D/g, "").length
