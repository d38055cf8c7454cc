import { member } from "../builder/json-text.ts"
import type { Cuts } from "./cuts.ts"
import { jsonBytes, jsonOf, stringBytes, unitsThatFit } from "./json-bytes.ts"

/** What a value becomes that cannot be made small enough. */
export const impossible: unique symbol = Symbol("impossible")

/** Levels that are cut; each is measured anew, so they are bounded. */
const deepest = 64

/**
 * A value that takes at most so many bytes of JSON: long strings lose their end, lists their last items, objects no member.
 * What fits already is the same value, not a copy.
 */
export const cutValue = (
  given: unknown,
  bytes: number,
  suffix: string,
  cuts: Cuts,
  path: string,
  depth = 0
): unknown => {
  if (jsonBytes(given, bytes) <= bytes) return given
  const value = jsonOf(given, "")
  if (typeof value === "string") return cutText(value, bytes, suffix, cuts, path)
  if (typeof value !== "object" || value === null || depth > deepest || bytes < 2) return impossible
  return Array.isArray(value)
    ? cutArray(value, bytes, suffix, cuts, path, depth)
    : cutObject(value as Readonly<Record<string, unknown>>, bytes, suffix, cuts, path, depth)
}

/** The beginning of a text with the suffix, in so many bytes of JSON. */
export const cutText = (
  text: string,
  bytes: number,
  suffix: string,
  cuts: Cuts,
  path: string
): string | typeof impossible => {
  const room = bytes - (stringBytes(suffix, bytes + 2) - 2)
  if (!(room >= 2)) return impossible
  const kept = unitsThatFit(text, room)
  cuts.add(path, kept, text.length, "characters")
  return `${text.slice(0, kept)}${suffix}`
}

const cutArray = (
  items: ReadonlyArray<unknown>,
  bytes: number,
  suffix: string,
  cuts: Cuts,
  path: string,
  depth: number
): ReadonlyArray<unknown> => {
  const kept: Array<unknown> = []
  let left = bytes - 2
  for (const item of items) {
    const room = left - (kept.length === 0 ? 0 : 1)
    const size = jsonBytes(item, room)
    if (size <= room) {
      left = room - size
      kept.push(item)
      continue
    }
    // half an item would be taken for a whole one, unless it is all there is
    const part = kept.length === 0 ? cutValue(item, room, suffix, cuts, `${path}[0]`, depth + 1) : impossible
    if (part !== impossible) kept.push(part)
    break
  }
  if (kept.length < items.length) cuts.add(path, kept.length, items.length, "items")
  return kept
}

const cutObject = (
  value: Readonly<Record<string, unknown>>,
  bytes: number,
  suffix: string,
  cuts: Cuts,
  path: string,
  depth: number
): unknown => {
  let left = bytes - 2
  const members: Array<{ readonly key: string; readonly size: number }> = []
  for (const key of Object.keys(value)) {
    const written = value[key]
    if (written === undefined || typeof written === "function" || typeof written === "symbol") continue
    left -= stringBytes(key, bytes) + (members.length === 0 ? 1 : 2)
    if (!(left >= 0)) return impossible
    members.push({ key, size: jsonBytes(written, bytes) })
  }
  // the small ones first: what they do not need is for the others
  const bySize = [...members].sort((a, b) => a.size - b.size)
  const made = new Map<string, unknown>()
  for (const [index, { key }] of bySize.entries()) {
    const share = Math.floor(left / (bySize.length - index))
    const part = cutValue(value[key], share, suffix, cuts, member(path, key, false), depth + 1)
    if (part === impossible) return impossible
    left -= jsonBytes(part, share)
    made.set(key, part)
  }
  return Object.fromEntries(members.map(({ key }) => [key, made.get(key)]))
}
