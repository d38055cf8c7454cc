import { findEmails } from "./secret-emails.ts"
import { findCards, findIbans, findPhones } from "./secret-numbers.ts"
import { findTokens } from "./secret-tokens.ts"

/** Tells of every match in a text, in any order, also of those that overlap. Takes time in proportion to the text. */
export type Finder = (text: string, found: (start: number, end: number) => void) => void

/**
 * What is found without a pattern of one's own: e-mail addresses, payment card numbers (13 to 19 digits that pass the Luhn
 * check), API keys, JSON web tokens, bearer tokens and private keys, telephone numbers, and bank accounts (ISO 13616).
 */
export type SecretPattern = "email" | "card" | "token" | "phone" | "iban"

export const secretPatterns: ReadonlyMap<string, Finder> = new Map<SecretPattern, Finder>([
  ["email", findEmails],
  ["card", findCards],
  ["token", findTokens],
  ["phone", findPhones],
  ["iban", findIbans]
])

/** Finds with a user's pattern, in text whose length somebody else has to bound. */
export const finderOf =
  (pattern: RegExp): Finder =>
  (text, found) => {
    for (const match of text.matchAll(pattern)) {
      if (match[0] !== "") found(match.index, match.index + match[0].length)
    }
  }
