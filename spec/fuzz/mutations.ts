import fc from "fast-check"
import { anything, type Json, type Members, text } from "./vocabulary.ts"

export type Mutation = readonly [
  at: number,
  how: "drop" | "rename" | "replace" | "add" | "wrap" | "swap",
  value: Json,
  key: string
]

export const mutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.nat({ max: 40 }),
  fc.constantFrom("drop", "rename", "replace", "replace", "add", "wrap", "swap"),
  anything,
  text
)

const isMembers = (value: Json): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const pathsOf = (value: Json, at: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  isMembers(value)
    ? Object.entries(value).flatMap(([key, inner]) => [
        [...at, key],
        ...(at.length < 6 ? pathsOf(inner, [...at, key]) : [])
      ])
    : []

/** Entries instead of assignments: a key may be anything, also `__proto__`. */
const change = (
  value: Json,
  path: ReadonlyArray<string>,
  apply: (entry: [string, Json]) => ReadonlyArray<[string, Json]>
): Json => {
  if (!isMembers(value)) return value
  const [key, ...rest] = path
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) =>
      name !== key ? [[name, inner]] : rest.length === 0 ? apply([name, inner]) : [[name, change(inner, rest, apply)]]
    )
  )
}

export const mutated = (value: Json, [at, how, other, key]: Mutation): Json => {
  const paths = pathsOf(value)
  if (paths.length === 0) return other
  return change(value, paths[at % paths.length]!, ([name, inner]) => {
    switch (how) {
      case "drop":
        return []
      case "rename":
        return [[key, inner]]
      case "replace":
        return [[name, other]]
      case "add":
        return [
          [name, inner],
          [key, other]
        ]
      case "wrap":
        return [[name, [inner]]]
      case "swap":
        return [[name, typeof inner === "number" ? String(inner) : typeof inner === "string" ? inner.length : null]]
    }
  })
}

const numerals = ["1e999", "-0", "1e400", "-1e400", "1E+2", "0.1e-400", "01", "+1", "NaN", "9".repeat(400), "0x1", "1."]

type TextChange = readonly [how: string, at: number, what: string]

/** What only text can be: cut, doubled, with numerals and keys no serializer writes. */
export const changeText = (json: string, [how, at, what]: TextChange): string => {
  const place = at % (json.length + 1)
  switch (how) {
    case "cut":
      return json.slice(0, place)
    case "insert":
      return json.slice(0, place) + what + json.slice(place)
    case "numeral":
      return json.replace(/(?<=[:,[])-?\d+(?:\.\d+)?/, what)
    case "duplicate":
      return json.replace(/\{(?="(\w+)")/, (brace, key) => `${brace}"${key}":${what},`)
    case "last":
      return json.replace(/\}$/, `,"id":${what}}`)
    case "space":
      return ` \t${json}\r`
    case "mark":
      return `\ufeff${json}`
    default:
      return json + json
  }
}

export const textChange: fc.Arbitrary<TextChange> = fc.oneof(
  fc.tuple(fc.constantFrom("cut", "space", "mark", "twice"), fc.nat({ max: 400 }), fc.constant("")),
  fc.tuple(fc.constant("insert"), fc.nat({ max: 400 }), text),
  fc.tuple(
    fc.constantFrom("numeral", "duplicate", "last"),
    fc.constant(0),
    fc.constantFrom(...numerals, "1", '"a"', "{}")
  )
)
