import { isRecord } from "./method.ts"

/** A name that one object of a JSON text uses twice, and the path to that object. */
export interface DuplicateKey {
  readonly key: string
  readonly path: ReadonlyArray<string | number>
}

/**
 * The first name used twice in one object of a JSON text (RFC 8259 §4: "names within an object SHOULD be unique"), where two
 * readers could take one message for different ones. `value` is what the text was parsed to. Only objects of the envelope
 * are looked at, unless `everywhere`: messages, their `params` and `params._meta`.
 */
export const duplicateKey = (text: string, value: unknown, everywhere: boolean): DuplicateKey | undefined => {
  // Parsing keeps one member of each name, so a text without duplicates has as many members as its value. Counting them costs
  // 0.4 µs for a plain call, where keeping the names would cost three times as much.
  const unique =
    hasColonPerMember(text, value) ||
    (everywhere
      ? membersWritten(text) === membersKept(value)
      : envelopeWritten(text, Array.isArray(value)) === envelopeKept(value))
  return unique ? undefined : findDuplicate(text, everywhere)
}

/** Longer texts seldom have no colon in a string, and their members are many. */
const mostColons = 24

/**
 * Whether a text has as many colons as its value has members: then none of them is in a string and no member is missing.
 * Most messages without URIs and the like pass, at a fifth of what going through the text costs.
 */
const hasColonPerMember = (text: string, value: unknown): boolean => {
  let count = 0
  for (let at = text.indexOf(":"); at !== -1; at = text.indexOf(":", at + 1)) {
    if (++count > mostColons) {
      return false
    }
  }
  return count === membersIn(value) && membersIn({}) === 0
}

/** As `membersKept`, for small values: `for in` makes no arrays. Members that somebody gave to all objects would count as well. */
const membersIn = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const one of value) {
      // not a call for each of many numbers
      if (typeof one === "object") {
        count += membersIn(one)
      }
    }
    return count
  }
  for (const key in value) {
    count += 1 + membersIn((value as Members)[key])
  }
  return count
}

/** Index of the quote that ends the string opened at `start`; -1 where it never ends, which JSON.parse reports. */
export const closingQuote = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) {
    end = text.indexOf('"', end + 1)
  }
  return end
}

const isEscaped = (text: string, quote: number): boolean => {
  let slash = quote - 1
  while (text.charCodeAt(slash) === 0x5c) {
    slash--
  }
  return (quote - slash) % 2 === 0
}

/** Members of messages, of their `params` and `params._meta`, counted in the text. */
const envelopeWritten = (text: string, isBatch: boolean): number => {
  let count = 0
  // of the object or array that is open: 1 for a message
  let level = isBatch ? -1 : 0
  let start = 0
  let end = 0
  let inParams = false
  let inMeta = false
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        start = at
        at = end = closingQuote(text, at)
        break
      case 0x3a: // :
        if (level === 1) {
          count++
          inParams = isNamed(text, start, end, "params")
          inMeta = false
        } else if (level === 2 && inParams) {
          count++
          inMeta = isNamed(text, start, end, "_meta")
        } else if (level === 3 && inMeta) {
          count++
        }
        break
      case 0x5b: // [
      case 0x7b: // {
        level++
        break
      case 0x5d: // ]
      case 0x7d: // }
        if (--level === 0) {
          inParams = false
        }
    }
  }
  return count
}

/** Whether the string between two quotes is this name, however it is escaped. */
const isNamed = (text: string, start: number, end: number, name: string): boolean => {
  const length = end - start - 1
  if (length === name.length) return text.startsWith(name, start + 1)
  // an escape takes at most six characters for one
  return length > name.length && length <= 6 * name.length && stringAt(text, start, end) === name
}

const stringAt = (text: string, start: number, end: number): string => {
  const inner = text.slice(start + 1, end)
  return inner.includes("\\") ? JSON.parse(text.slice(start, end + 1)) : inner
}

const envelopeKept = (value: unknown): number => {
  if (!Array.isArray(value)) return messageKept(value)
  let count = 0
  for (const message of value) {
    count += messageKept(message)
  }
  return count
}

const messageKept = (message: unknown): number => {
  if (!isRecord(message)) return 0
  const params = ownRecord(message, "params")
  if (params === undefined) return sizeOf(message)
  const meta = ownRecord(params, "_meta")
  return sizeOf(message) + sizeOf(params) + (meta === undefined ? 0 : sizeOf(meta))
}

type Members = Readonly<Record<string, unknown>>

const sizeOf = (members: Members): number => Object.keys(members).length

const ownRecord = (members: Members, key: string): Members | undefined => {
  const value = Object.hasOwn(members, key) ? members[key] : undefined
  return isRecord(value) ? value : undefined
}

/** Members of all objects, counted in the text. */
const membersWritten = (text: string): number => {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = closingQuote(text, at)
        break
      case 0x3a: // :
        count++
    }
  }
  return count
}

const membersKept = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0
  const inner: ReadonlyArray<unknown> = Object.values(value)
  let count = Array.isArray(value) ? 0 : inner.length
  for (const one of inner) {
    count += membersKept(one)
  }
  return count
}

/** An object or array that is open, and where in it the text is. */
interface Level {
  /** The names so far; undefined for an array. */
  readonly names: Set<string> | undefined
  at: string | number
}

/** Goes through the names themselves, once it is known that two are the same. */
const findDuplicate = (text: string, everywhere: boolean): DuplicateKey | undefined => {
  const open: Array<Level> = []
  let start = 0
  let end = 0
  for (let at = 0; at < text.length; at++) {
    const level = open.at(-1)
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        start = at
        at = end = closingQuote(text, at)
        break
      case 0x2c: // ,
        if (typeof level!.at === "number") {
          level!.at++
        }
        break
      case 0x3a: {
        // :
        const key = stringAt(text, start, end)
        if (level!.names!.has(key) && (everywhere || isEnvelope(open))) {
          return { key, path: open.slice(0, -1).map((outer) => outer.at) }
        }
        level!.names!.add(key)
        level!.at = key
        break
      }
      case 0x5b: // [
        open.push({ names: undefined, at: 0 })
        break
      case 0x7b: // {
        open.push({ names: new Set(), at: "" })
        break
      case 0x5d: // ]
      case 0x7d: // }
        open.pop()
    }
  }
  return undefined
}

const isEnvelope = (open: ReadonlyArray<Level>): boolean => {
  const [message, params, meta, ...deeper] = open[0]!.names === undefined ? open.slice(1) : open
  return (
    deeper.length === 0 &&
    message?.names !== undefined &&
    (params === undefined || message.at === "params") &&
    (meta === undefined || params!.at === "_meta")
  )
}
