import { mountedName, mountedUri } from "./names.ts"
import { describeNode, serverOf } from "./node.ts"
import { originOf, type Place, typeOf } from "./place.ts"

/** Says which two components collide, where both are from, and what can be done about it. */
export const collisionOf = (one: Place, other: Place): string => {
  const [first, second] = [serverOf(originOf(one).node), serverOf(originOf(other).node)]
  return first === second
    ? `${clash(one, other)}; both are in ${describeNode(first)}. Rename or remove one of them.`
    : `${clash(one, other)}; one is in ${describeNode(first)}, the other in ${describeNode(second)}. ` +
        "Rename one of them, mount its server under another namespace, or say what shall happen with the option " +
        'collisions: "suffix", "keep" or "replace" of its mount.'
}

const clash = (one: Place, other: Place): string => {
  const name = JSON.stringify(clientName(one))
  const version = versionsOf(one.component.version, other.component.version)
  const type = typeOf(one)
  if (type !== "resource") return `Two ${type}s are called ${name}${version}`
  if (one.name === other.name) return `Two resources have the URI ${name}${version}`
  return `The resource templates ${name} and ${JSON.stringify(clientName(other))} match the same URIs with equal precedence`
}

const versionsOf = (one: string | undefined, other: string | undefined): string => {
  if (one === other) return one === undefined ? "" : ` in version ${JSON.stringify(one)}`
  return `, one in version ${JSON.stringify(one ?? other)} and one without a version`
}

/** As clients would know it. */
export const clientName = (place: Place): string =>
  typeOf(place) === "resource" ? mountedUri(place.name, place.node) : mountedName(place.name, place.node)
