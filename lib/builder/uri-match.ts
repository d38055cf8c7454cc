import type { UriParts } from "./uri-syntax.ts"

/** Decoded variables of a URI, or undefined where it does not match. Time grows linearly with the URI's length. */
export const matchUri = (parts: UriParts, uri: string): Readonly<Record<string, string>> | undefined => {
  const { variables, query } = parts
  const first = parts.texts[0]!
  if (!uri.startsWith(first) || MALFORMED_ESCAPE.test(uri)) return undefined

  const found: Record<string, string> = Object.create(null)
  const mark = query.length > 0 ? uri.indexOf("?") : -1
  const path = mark < 0 ? uri : uri.slice(0, mark)
  if (variables.length === 0) {
    if (path !== first) return undefined
  } else {
    const search = new Search(parts, path)
    if (!search.from(0, first.length)) return undefined
    for (let index = 0; index < variables.length; index++) {
      const value = decode(path.slice(search.starts[index], search.ends[index]))
      if (value === undefined) return undefined
      found[variables[index]!.name] = value
    }
  }
  return mark < 0 || readQuery(query, uri.slice(mark + 1), found) ? found : undefined
}

const MALFORMED_ESCAPE = /%(?![0-9A-Fa-f]{2})/

/**
 * Gives each variable, in order, the shortest value that lets the rest match.
 *
 * A variable that failed at one start fails at every later start of the same run (up to the next character it may not
 * contain), and the starts tried only ever grow. So one number per variable remembers all failures, every position is
 * tried once per variable, and a hostile URI costs no more than a long one.
 */
class Search {
  readonly starts: Array<number> = []
  readonly ends: Array<number> = []
  readonly #parts: UriParts
  readonly #uri: string
  readonly #failedUpTo: Array<number> = []
  readonly #knownText: Array<number> = []

  constructor(parts: UriParts, uri: string) {
    this.#parts = parts
    this.#uri = uri
  }

  from(index: number, start: number): boolean {
    if (start <= (this.#failedUpTo[index] ?? -1)) return false
    const { variables, texts } = this.#parts
    const text = texts[index + 1]!
    const limit = runEnd(this.#uri, start, variables[index]!.kind)
    this.starts[index] = start
    if (index === variables.length - 1) {
      const end = this.#uri.length - text.length
      this.ends[index] = end
      if (end > start && end <= limit && this.#uri.endsWith(text)) return true
    } else {
      for (let end = this.#textFrom(index, start + 1); end <= limit; end = this.#textFrom(index, end + 1)) {
        this.ends[index] = end
        if (!splitsEscape(this.#uri, end) && this.from(index + 1, end + text.length)) return true
      }
    }
    this.#failedUpTo[index] = limit
    return false
  }

  /** Next place of the text after a variable; remembered, since it may lie far behind the run being tried. */
  #textFrom(index: number, from: number): number {
    const known = this.#knownText[index]
    if (known !== undefined && known >= from) return known
    const at = this.#uri.indexOf(this.#parts.texts[index + 1]!, from)
    const next = at < 0 ? Number.POSITIVE_INFINITY : at
    this.#knownText[index] = next
    return next
  }
}

const SLASH = 47
const QUESTION_MARK = 63
const HASH = 35
const PERCENT = 37

/** First position from `start` on that the variable may not contain. */
const runEnd = (uri: string, start: number, kind: "segment" | "path"): number => {
  for (let at = start; at < uri.length; at++) {
    const code = uri.charCodeAt(at)
    if (code === QUESTION_MARK || code === HASH || (code === SLASH && kind === "segment")) return at
  }
  return uri.length
}

/** Whether a cut here goes through an escape, as between `%2` and `0`. */
export const splitsEscape = (uri: string, at: number): boolean =>
  uri.charCodeAt(at - 1) === PERCENT || uri.charCodeAt(at - 2) === PERCENT

const readQuery = (names: ReadonlyArray<string>, query: string, found: Record<string, string>): boolean => {
  if (query === "") return true
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=")
    const name = equals < 0 ? pair : pair.slice(0, equals)
    if (!names.includes(name) || found[name] !== undefined) return false
    const value = equals < 0 ? "" : decode(pair.slice(equals + 1))
    if (value === undefined || value.includes("#")) return false
    found[name] = value
  }
  return true
}

const decode = (text: string): string | undefined => {
  // half characters cannot be escaped either (RFC 3986 knows UTF-8 only)
  if (!text.includes("%")) return /\p{Surrogate}/u.test(text) ? undefined : text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
