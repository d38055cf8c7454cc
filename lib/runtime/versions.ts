import type { ComponentType } from "../builder/component.ts"
import { type Place, typeOf } from "./place.ts"

/**
 * Orders versions: by their parts between dots and dashes, numbers as numbers; a version with a suffix, such as `2.0-beta`,
 * comes before the one without (semver.org §11); no version comes first.
 */
export const compareVersions = (a: string | undefined, b: string | undefined): number => {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const [one, two] = [partsOf(a), partsOf(b)]
  return compareParts(one.core, two.core) || compareSuffix(one.suffix, two.suffix) || (a < b ? -1 : 1)
}

interface Parts {
  readonly core: ReadonlyArray<string>
  readonly suffix: ReadonlyArray<string>
}

/** What follows a plus is build metadata, which orders nothing. */
const partsOf = (version: string): Parts => {
  const plain = version.replace(/^v(?=\d)/i, "").split("+", 1)[0]!
  // a date is no version with a suffix
  const date = /^\d{4}-\d{2}-\d{2}(?!\d)/.exec(plain)?.[0].length ?? 0
  const dash = plain.indexOf("-", date)
  const core = dash === -1 ? plain : plain.slice(0, dash)
  const suffix = plain.slice(core.length + 1)
  return { core: core.split(/[.-]/), suffix: suffix === "" ? [] : suffix.split(/[.-]/) }
}

const compareParts = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = comparePart(a[i] ?? "0", b[i] ?? "0")
    if (order !== 0) return order
  }
  return 0
}

const compareSuffix = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] === undefined) return -1
    if (b[i] === undefined) return 1
    const order = comparePart(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return 0
}

const comparePart = (a: string, b: string): number => {
  const [one, two] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (one && two) return compareNumbers(a, b)
  if (one !== two) return one ? -1 : 1
  return a === b ? 0 : a < b ? -1 : 1
}

/** Numbers of any length. */
const compareNumbers = (a: string, b: string): number => {
  const [one, two] = [a.replace(/^0+(?=\d)/, ""), b.replace(/^0+(?=\d)/, "")]
  return one.length - two.length || (one === two ? 0 : one < two ? -1 : 1)
}

/** Of each kind and name all versions there are, the highest first. */
export const versionsOf = (places: ReadonlyArray<Place>): ReadonlyMap<string, ReadonlyArray<Place>> => {
  const all = new Map<string, Array<Place>>()
  for (const place of places) {
    const key = nameKey(typeOf(place), place.name)
    const same = all.get(key)
    if (same === undefined) all.set(key, [place])
    else same.push(place)
  }
  for (const same of all.values()) {
    if (same.length > 1) same.sort((a, b) => compareVersions(b.component.version, a.component.version))
  }
  return all
}

/** By what the versions of one component are found. */
export const nameKey = (type: ComponentType, name: string): string => `${type} ${name}`

/** What is served of several versions: of each kind and name, the highest. */
export const servedOf = (places: ReadonlyArray<Place>): ReadonlyArray<Place> => {
  const highest = new Map<string, Place>()
  for (const place of places) {
    const key = nameKey(typeOf(place), place.name)
    const other = highest.get(key)
    if (other === undefined || compareVersions(place.component.version, other.component.version) > 0) {
      highest.set(key, place)
    }
  }
  return highest.size === places.length
    ? places
    : places.filter((place) => highest.get(nameKey(typeOf(place), place.name)) === place)
}
