/** What a measure gives for more than its limit. */
export const tooMany = Number.POSITIVE_INFINITY

/** Nesting that is followed; JSON.stringify itself gives up at several thousand levels. */
const deepest = 2_000

/**
 * Bytes of the JSON text of a value in UTF-8, as JSON.stringify writes it, without writing it; `tooMany` as soon as they are
 * more than `limit`. Reads each value once, and no more of it than it takes to know.
 */
export const jsonBytes = (value: unknown, limit: number): number => bytesOf(value, limit, "", 0, stringBytes)

/** Whether the JSON text of a value takes at most `limit` bytes; looks into no string of one that is far from it. */
export const fitsInto = (value: unknown, limit: number): boolean =>
  bytesOf(value, limit, "", 0, mostStringBytes) <= limit || jsonBytes(value, limit) <= limit

type StringBytes = (text: string, limit: number) => number

/** Whatever is in it: `\u0000` is the longest that one UTF-16 code unit becomes. */
const mostStringBytes: StringBytes = (text) => 2 + 6 * text.length

/** Members that JSON leaves out, and list items that it writes as null. */
const isNothing = (value: unknown): boolean =>
  value === undefined || typeof value === "function" || typeof value === "symbol"

/** What JSON.stringify would look at instead. */
export const jsonOf = (value: unknown, key: string): unknown => {
  if (typeof value !== "object" || value === null) return value
  const { toJSON } = value as { toJSON?: unknown }
  return typeof toJSON === "function" ? toJSON.call(value, key) : value
}

const bytesOf = (given: unknown, limit: number, key: string, depth: number, ofString: StringBytes): number => {
  const value = jsonOf(given, key)
  if (typeof value === "string") return ofString(value, limit)
  if (typeof value !== "object" || value === null) {
    const bytes = isNothing(value) || (typeof value === "number" && !Number.isFinite(value)) ? 4 : String(value).length
    return bytes > limit ? tooMany : bytes
  }
  if (depth > deepest) return tooMany
  // brackets, and the comma before each but the first
  let sum = 1
  if (Array.isArray(value)) {
    if (value.length > limit) return tooMany
    for (let i = 0; i < value.length && sum <= limit; i++)
      sum += 1 + bytesOf(value[i], limit - sum, String(i), depth + 1, ofString)
    if (value.length === 0) sum = 2
  } else {
    let members = 0
    for (const name in value) {
      if (!Object.hasOwn(value, name)) continue
      const member = (value as Record<string, unknown>)[name]
      if (isNothing(member)) continue
      members++
      sum += 2 + ofString(name, limit - sum)
      if (sum > limit) break
      sum += bytesOf(member, limit - sum, name, depth + 1, ofString)
      if (sum > limit) break
    }
    if (members === 0) sum = 2
  }
  return sum > limit ? tooMany : sum
}

/** Bytes of a string's JSON text, quotes included; `tooMany` as soon as they are more than `limit`. */
export const stringBytes = (text: string, limit: number): number => {
  if (text.length + 2 > limit) return tooMany
  // short ones fit whatever is in them, but have to be counted all the same
  let sum = 2
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) sum += asciiBytes[code]!
    else if (code < 0x800) sum += 2
    else if (isPairAt(text, i, code)) {
      sum += 4
      i++
    } else sum += isSurrogate(code) ? 6 : 3
    if (sum > limit) return tooMany
  }
  return sum
}

/** How many UTF-16 code units of a string, from its start, fit into so many bytes of JSON text; never half a character. */
export const unitsThatFit = (text: string, bytes: number): number => {
  let sum = 2
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const pair = code >= 0x800 && isPairAt(text, i, code)
    sum += code < 0x80 ? asciiBytes[code]! : code < 0x800 ? 2 : pair ? 4 : isSurrogate(code) ? 6 : 3
    if (sum > bytes) return i
    if (pair) i++
  }
  return text.length
}

/** Bytes of a text in UTF-8; half characters count as U+FFFD. */
export const utf8Bytes = (text: string): number => {
  let sum = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isPairAt(text, i, code)) {
      sum += 4
      i++
    } else sum += code < 0x80 ? 1 : code < 0x800 ? 2 : 3
  }
  return sum
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff

const isPairAt = (text: string, i: number, code: number): boolean => {
  if (code < 0xd800 || code > 0xdbff) return false
  const next = text.charCodeAt(i + 1)
  return next >= 0xdc00 && next <= 0xdfff
}

/** What JSON.stringify makes of the first 128 characters. */
const asciiBytes = Uint8Array.from({ length: 128 }, (_, code) => JSON.stringify(String.fromCharCode(code)).length - 2)
