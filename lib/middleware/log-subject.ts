import { shorten } from "../builder/issues.ts"

/**
 * A method and what it is about, for a line of the log: at most 200 characters of a name, with whatever could begin another
 * line or reorder this one as an escape, since clients choose what a URI says.
 */
export const logSubject = (method: string, name: string | undefined): string =>
  name === undefined ? method : `${method} ${shorten(name, 200).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}`

const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`
