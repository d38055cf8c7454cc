import { utf8ToBytes } from "@noble/hashes/utils.js"
import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { OptionReader } from "../builder/options.ts"
import { fieldPaths } from "../builder/field-paths.ts"
import { defaultMaxString, findingPattern, stringLengths } from "./patterns.ts"
import { mask } from "./redaction-mask.ts"
import { type FieldRule, RedactionRules } from "./redaction-rules.ts"
import { finderOf, type SecretPattern, secretPatterns } from "./secret-patterns.ts"
import { fixedReplacement, hashReplacement, type Replacement, textRedactor } from "./secret-text.ts"

/** A field to hide: its path alone, or with what stands there instead, or so that it is left out. */
export type RedactedField =
  | string
  | { readonly path: string; readonly with: string | number | boolean | null }
  | { readonly path: string; readonly remove: true }

export interface RedactorOptions {
  /**
   * Paths from the root of a value to what is hidden, whatever it is: `user.email`, `items[].ssn` (each array element),
   * `*.token` (any member or element), `**.password` (at any depth), `a["odd.name"]`. A number needs `{ path, with: 0 }`
   * where a schema asks for one. What is null or undefined stays.
   */
  readonly fields?: ReadonlyArray<RedactedField> | undefined
  /** Whether the case of names in `fields` does not matter. Default false. */
  readonly ignoreCase?: boolean | undefined
  /**
   * What is hidden wherever it stands: in strings, in the names of members and in numbers as JSON writes them. Regular
   * expressions run on strings up to `maxString`; one that backtracks without end takes its time on those.
   */
  readonly patterns?: ReadonlyArray<SecretPattern | RegExp> | undefined
  /**
   * `"mask"`, the default, puts `[redacted]`; `"hash"` puts `[redacted:…]` with 128 bits of HMAC-SHA-256 under `key`, the
   * same for equal secrets; any other text stands as it is; a function makes the text from the secret, or from its JSON
   * where a field is no string, and where it throws it is `[redacted]`. Let it give the same for the same: `redact` also words
   * questions by it, which have to be equal in every round.
   */
  readonly replace?: "mask" | "hash" | (string & {}) | ((secret: string) => string) | undefined
  /** The key for `"hash"`: at least 16 bytes, a string as UTF-8. */
  readonly key?: string | Uint8Array | undefined
  /** The longest string, in UTF-16 code units, that regular expressions run on; a longer one is hidden whole. Default 100,000. */
  readonly maxString?: number | undefined
}

export const redactorOptions = ["fields", "ignoreCase", "patterns", "replace", "key", "maxString"] as const

/**
 * Makes a function that hides secrets in any value and changes nothing else: what has none comes back as the very value. What
 * has some is copied as plain data on the way to them, as JSON would write it; cycles stay cycles. It never throws: what it
 * cannot look at, or lies below 1,000 levels, is `[redacted]`. Bytes are not looked into. A `DefinitionError` for wrong options.
 * @example const clean = redactor({ fields: ["user.email"], patterns: ["card", "token"] })
 */
export const redactor = (options: RedactorOptions): ((value: unknown) => unknown) => {
  const rules = redactionRules(new OptionReader("redactor", options, redactorOptions))
  return (value) => rules.value(value)
}

/** Checks the options, and prepares what they say. */
export const redactionRules = (read: OptionReader<RedactorOptions>): RedactionRules => {
  const { where } = read
  const fields = read.list("fields")
  const patterns = read.list("patterns")
  if (fields.length + patterns.length === 0) {
    read.fail("name at least one of fields or patterns; there is nothing to hide.")
  }
  const most = read.integer("maxString", stringLengths, defaultMaxString)
  const finders = patterns.map((pattern: unknown, index) => {
    const own = typeof pattern === "string" ? secretPatterns.get(pattern) : undefined
    if (own !== undefined) return own
    if (pattern instanceof RegExp) return finderOf(findingPattern(pattern, `${where}: patterns[${index}]`))
    throw new DefinitionError(
      `${where}: patterns[${index}] is ${shortJson(pattern)}; use a regular expression or one of ${[...secretPatterns.keys()].join(", ")}.`
    )
  })
  const ownPatterns = patterns.some((pattern) => typeof pattern !== "string")
  const replacement = replacementOf(read)
  const rules = fields.map((field, index) => fieldRule(field, `${where}: fields[${index}]`))
  const paths = rules.map(({ path }) => path)
  return new RedactionRules({
    root: fieldPaths(paths, read.flag("ignoreCase", false), where),
    fields: rules,
    text: textRedactor(finders, replacement, ownPatterns ? most : Number.POSITIVE_INFINITY),
    replacement,
    hasFields: rules.length > 0,
    hasPatterns: finders.length > 0,
    anyNumber: ownPatterns
  })
}

const fieldRule = (field: unknown, where: string): FieldRule => {
  if (typeof field === "string") return { path: field, rule: { type: "replace" } }
  const members = typeof field === "object" && field !== null ? (field as Readonly<Record<string, unknown>>) : {}
  const names = Object.keys(members).sort().join(" ")
  const { path, with: value, remove } = members
  if (typeof path === "string") {
    if (names === "path remove" && remove === true) return { path, rule: { type: "remove" } }
    if (names === "path with" && (value === null || isScalar(value))) return { path, rule: { type: "with", value } }
  }
  throw new DefinitionError(
    `${where} is ${shortJson(field)}; use a path, { path, with: a string, number, boolean or null } or { path, remove: true }.`
  )
}

const isScalar = (u: unknown): boolean =>
  typeof u === "string" || typeof u === "boolean" || (typeof u === "number" && Number.isFinite(u))

const replacementOf = (read: OptionReader<RedactorOptions>): Replacement => {
  const key = read.value("key")
  const given: unknown = read.value("replace")
  const replace = given === undefined ? "mask" : given
  if (replace !== "hash" && key !== undefined) read.fail('key is for replace: "hash" alone; leave it out.')
  if (typeof replace === "function") return madeReplacement(replace as (secret: string) => unknown)
  if (typeof replace !== "string" || replace === "") {
    return read.refuse("replace", 'use "mask", "hash", a text that is not empty, or a function')
  }
  if (replace !== "hash") return fixedReplacement(replace === "mask" ? mask : replace)
  const bytes =
    typeof key === "string" ? utf8ToBytes(key) : key instanceof Uint8Array ? Uint8Array.from(key) : undefined
  if (bytes === undefined || bytes.length < 16) {
    return read.fail(
      'replace: "hash" needs a key of at least 16 bytes; without one, anybody can hash all e-mail addresses and compare.'
    )
  }
  return hashReplacement(bytes)
}

const madeReplacement = (make: (secret: string) => unknown): Replacement => ({
  of: (secret) => {
    try {
      const made = make(secret)
      return typeof made === "string" ? made : mask
    } catch {
      return mask
    }
  },
  always: undefined,
  known: undefined
})
