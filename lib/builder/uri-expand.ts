import { splitsEscape } from "./uri-match.ts"
import type { UriParts } from "./uri-syntax.ts"

/** The URI of a template for these values; a TypeError names a variable that is missing, empty or unknown. */
export const expandUri = (parts: UriParts, values: Readonly<Record<string, string | undefined>>): string => {
  const fail = (problem: string): never => {
    throw new TypeError(`Cannot expand "${parts.uri}": ${problem}.`)
  }
  const known = [...parts.variables.map((variable) => variable.name), ...parts.query]
  for (const name of Object.keys(values)) {
    if (!known.includes(name))
      fail(`it has no variable "${name}"${known.length > 0 ? `, only ${known.join(", ")}` : ""}`)
  }
  const valueOf = (name: string): string | undefined => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value !== undefined && typeof value !== "string") fail(`"${name}" must be a string`)
    if (value !== undefined && !value.isWellFormed())
      fail(`"${name}" holds half a surrogate pair, which no URI can carry`)
    return value
  }

  let uri = parts.texts[0]!
  parts.variables.forEach(({ name, kind }, index) => {
    const value = valueOf(name) || fail(`give "${name}" a non-empty string`)
    const text = parts.texts[index + 1]!
    const kept = kind === "path" ? "/" : ""
    // the last variable is found from the URI's end, so what follows it cannot be mistaken
    const last = index === parts.variables.length - 1
    let encoded = encode(value, kept, "")
    if (!last && !endsAt(encoded, text)) {
      encoded = encode(value, kept, text[0]!)
      if (!endsAt(encoded, text)) fail(`"${name}" contains "${text}", which ends it in the template`)
    }
    uri += encoded + text
  })

  let separator = "?"
  for (const name of parts.query) {
    const value = valueOf(name)
    if (value === undefined) continue
    uri += `${separator}${name}=${encode(value, "", "")}`
    separator = "&"
  }
  return uri
}

/** Percent-encodes all but unreserved characters (RFC 3986 section 2.3) and `kept`; `refused` is encoded in any case. */
const encode = (value: string, kept: string, refused: string): string => {
  let out = ""
  for (const character of value) {
    if (character === refused) out += hex(character)
    else if (character === kept) out += character
    else if (/[!'()*]/.test(character)) out += hex(character)
    else out += encodeURIComponent(character)
  }
  return out
}

const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`

/** Whether a reader looking for the shortest value before `text` finds exactly this one. */
const endsAt = (encoded: string, text: string): boolean => {
  const whole = encoded + text
  for (let at = whole.indexOf(text, 1); at < encoded.length; at = whole.indexOf(text, at + 1)) {
    if (!splitsEscape(whole, at)) return false
  }
  return true
}
