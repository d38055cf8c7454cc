import type { ComponentKind } from "../builder/component.ts"
import { selector } from "../builder/selection.ts"
import type { VisibilityRule } from "../services/visibility.ts"
import { pathOf } from "./node.ts"
import { chainOf, type Place, typeOf } from "./place.ts"

/** Whether a session that has switched this much sees a component; the last rule that concerns it decides. */
export const shows = (rules: ReadonlyArray<VisibilityRule>, place: Place): boolean => {
  for (let i = rules.length - 1; i >= 0; i--) if (concerns(rules[i]!, place)) return rules[i]!.visible
  return !isHidden(place)
}

/** Whether a component is hidden from sessions that have not switched it on. */
export const isHidden = (place: Place): boolean => chainOf(place).some(({ shape }) => shape?.hidden === true)

const concerns = ({ at, names, tags, types }: VisibilityRule, place: Place): boolean => {
  if (types !== undefined && !types.includes(typeOf(place))) return false
  if (tags !== undefined && !tags.some((tag) => place.component.tags.includes(tag))) return false
  const known = outermostAt(place, at)
  return known !== undefined && (names === undefined || names.some((name) => matches(name, known.name)))
}

/** The component as the server at a mount path knows it; undefined where it is none of its components. */
const outermostAt = (place: Place, at: string): Place | undefined =>
  chainOf(place).findLast(({ node }) => pathOf(node).join("/") === at)

const matches = (pattern: string, name: string): boolean =>
  pattern.includes("*") ? selector(pattern, "").names[0]!.matches(name) : pattern === name

/** The kinds whose lists are not the same to a session that switches from some rules to others. */
export const switchedKinds = (
  { shelves }: { readonly shelves: ReadonlyArray<Place> },
  before: ReadonlyArray<VisibilityRule>,
  after: ReadonlyArray<VisibilityRule>
): ReadonlySet<ComponentKind> =>
  new Set(
    shelves
      .filter((place) => shows(before, place) !== shows(after, place))
      .map((place): ComponentKind => `${typeOf(place)}s`)
  )
