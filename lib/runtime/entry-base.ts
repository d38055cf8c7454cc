import type { BaseEntry, RequestHook } from "./entry.ts"
import { localUri, outerUriOf } from "./names.ts"
import { ancestry, type Node } from "./node.ts"
import { chainOf, originOf, type Place, placeOn, typeOf, visibleOf } from "./place.ts"

/** What entries of all kinds have in common, apart from what is known of their place. */
export const entryBase = (place: Place): Pick<BaseEntry, "node" | "visible" | "uriOf" | "requestHooks"> => {
  const { node } = originOf(place)
  return {
    node,
    visible: visibleOf(place),
    uriOf: outerUriOf(place),
    requestHooks: [...nodeHooks(place, node), ...shapeHooks(place)]
  }
}

/** The `request` hooks of the nodes around a component, outermost first, each with the name its node knows. */
const nodeHooks = (place: Place, owner: Node): ReadonlyArray<RequestHook> =>
  [...ancestry(owner)].reverse().flatMap((node) => {
    // what a transform made was never on the servers inside
    const at = placeOn(place, node)
    return requestHooksOn(node, at, at && nameAt(place, at))
  })

/** The `request` hooks between a component and a node around it, which a call from there has not passed yet. */
export const requestHooksInside = (place: Place, outer: Node): ReadonlyArray<RequestHook> => {
  const passed = new Set(ancestry(outer))
  const owner = originOf(place).node
  return [...nodeHooks(place, owner).filter(({ node }) => !passed.has(node)), ...shapeHooks(place)]
}

/** The `request` hooks of a node itself. */
export const requestHooksOn = (
  node: Node,
  place?: RequestHook["place"],
  nameOf?: RequestHook["nameOf"]
): ReadonlyArray<RequestHook> =>
  node.definition.middleware.flatMap((middleware) => {
    const { request } = middleware["~mcpipe/Middleware"].hooks
    return request === undefined ? [] : [{ hook: request, node, nameOf, place, alone: false }]
  })

/** Those of a single component are inside of all servers'. */
const shapeHooks = (place: Place): ReadonlyArray<RequestHook> =>
  [...chainOf(place)].reverse().flatMap((at) =>
    (at.shape?.middleware ?? []).flatMap((middleware) => {
      const { request } = middleware["~mcpipe/Middleware"].hooks
      return request === undefined
        ? []
        : [{ hook: request, node: at.node, nameOf: nameAt(place, at), place: at, alone: true }]
    })
  )

const nameAt = (place: Place, at: Place): NonNullable<RequestHook["nameOf"]> =>
  typeOf(place) === "resource" ? (uri) => localUri(uri, place, at) : () => at.name
