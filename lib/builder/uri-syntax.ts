import { DefinitionError } from "./errors.ts"

/** A template between its braces: `texts[0] {variables[0]} texts[1] {variables[1]} … texts[n] {?query}`. */
export interface UriParts {
  readonly uri: string
  /** Always one longer than `variables`; only the first and the last may be empty, and the first holds the scheme. */
  readonly texts: ReadonlyArray<string>
  readonly variables: ReadonlyArray<{ readonly name: string; readonly kind: "segment" | "path" }>
  readonly query: ReadonlyArray<string>
}

/** Length of `scheme://` (RFC 3986 section 3.1), or 0 where the text does not begin with one. */
export const schemeLength = (uri: string): number => SCHEME.exec(uri)?.[0].length ?? 0

/** Splits a URI into literal texts and variables; a DefinitionError names `where`, the character and the fix. */
export const splitTemplate = (uri: string, where: string): UriParts => {
  const fail = (position: number, problem: string): never => {
    throw new DefinitionError(`${where}: the URI "${uri}" ${problem} (character ${position + 1}).`)
  }
  if (schemeLength(uri) === 0) fail(0, 'must begin with a scheme, as in "user://{id}" or "config://app"')

  const texts: Array<string> = []
  const variables: Array<{ readonly name: string; readonly kind: "segment" | "path" }> = []
  const query: Array<string> = []
  const names = new Set<string>()

  const declare = (name: string, position: number): string => {
    if (!NAME.test(name))
      fail(position, `names a variable "${name}"; use letters, digits and "_", not beginning with a digit`)
    if (UNSAFE_NAMES.has(name))
      fail(position, `names a variable "${name}", which is unsafe in JavaScript; choose another name`)
    if (names.has(name)) fail(position, `uses the variable "${name}" twice; give each variable its own name`)
    names.add(name)
    return name
  }

  let at = 0
  let ended = false
  while (!ended) {
    const open = uri.indexOf("{", at)
    const text = uri.slice(at, open < 0 ? uri.length : open)
    checkText(text, at, fail)
    texts.push(text)
    if (open < 0) break

    const close = uri.indexOf("}", open)
    if (close < 0) fail(open, 'opens a "{" that is never closed; add "}"')
    const inside = uri.slice(open + 1, close)
    const nested = inside.indexOf("{")
    if (nested >= 0) fail(open + 1 + nested, 'nests braces; close the first "{" before the next')

    if (inside.startsWith("?")) {
      if (close + 1 < uri.length) fail(close + 1, 'goes on after "{?…}"; query variables come last, in one "{?a,b}"')
      const mark = texts.findIndex((part) => /[?#]/.test(part))
      if (mark >= 0) fail(open, 'has a literal "?" or "#" before "{?…}"; move the fixed query into the path')
      let start = open + 2
      for (const name of inside.slice(1).split(",")) {
        query.push(declare(name, start))
        start += name.length + 1
      }
      ended = true
    } else {
      if (variables.length > 0 && text === "") {
        fail(open, 'puts two variables side by side; write something between them, such as "/"')
      }
      checkOperator(inside, open, fail)
      const several = inside.endsWith("*")
      const name = declare(several ? inside.slice(0, -1) : inside, open + 1)
      variables.push({ name, kind: several ? "path" : "segment" })
    }
    at = close + 1
  }
  return { uri, texts, variables, query }
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
// own properties of these names would shadow or poison what JavaScript expects of objects
const UNSAFE_NAMES = new Set(["__proto__", "constructor", "prototype"])

type Fail = (position: number, problem: string) => never

const checkText = (text: string, start: number, fail: Fail): void => {
  const brace = text.indexOf("}")
  if (brace >= 0) fail(start + brace, 'closes a "}" that was never opened; remove it or write "%7D"')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being refused
  const blank = text.search(/[\s\u0000-\u001f\u007f-\u009f\\]/)
  if (blank >= 0) fail(start + blank, "contains a space, backslash or control character; percent-encode it")
  const escape = text.search(/%(?![0-9A-Fa-f]{2})/)
  if (escape >= 0) fail(start + escape, 'has a "%" that begins no escape; write "%25"')
}

const checkOperator = (inside: string, open: number, fail: Fail): void => {
  if (inside === "") fail(open, "has empty braces; name the variable, as in {id}")
  if (/^[+#./;&=,!@|]/.test(inside)) {
    fail(open, `uses the operator "${inside[0]}"; only {segment}, {path*} and a final {?a,b} are supported`)
  }
  if (inside.includes(",")) fail(open, "lists several variables in one pair of braces; only {?a,b} may")
  if (inside.includes(":")) fail(open, 'limits a variable with ":"; check its length with `params` instead')
}
