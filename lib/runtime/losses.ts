import type { Catalogue } from "./catalogue.ts"
import { clientName } from "./collision.ts"
import { describeNode } from "./node.ts"
import { originOf, type Place, typeOf } from "./place.ts"
import type { Loss } from "./shelf.ts"

/** `left out: tool "add" of server "b"; kept: "add" of server "a"`. */
export const lossText = ({ lost, kept }: Loss): string =>
  `left out: ${typeOf(lost)} ${labelOf(lost)}; kept: ${labelOf(kept)}`

const labelOf = (place: Place): string => {
  const { version } = place.component
  const versioned = version === undefined ? "" : ` in version ${JSON.stringify(version)}`
  return `${JSON.stringify(clientName(place))}${versioned} of ${describeNode(originOf(place).node)}`
}

/** What to warn of where collision policies left out what they had not left out before; undefined where there is nothing new. */
export const lossWarning = (server: string, after: Catalogue, before?: Catalogue): string | undefined => {
  const known = new Set(before?.losses.map(lossText))
  const fresh = [...new Set(after.losses.map(lossText))].filter((text) => !known.has(text))
  if (fresh.length === 0) return undefined
  return `server ${JSON.stringify(server)}: the collision policies of its mounts leave out components.\n${fresh.join("\n")}`
}
