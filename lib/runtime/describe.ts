import { type App, assembleServer, isApp } from "./app.ts"
import { DefinitionError } from "../builder/errors.ts"
import { type AnyServer, isServer } from "../builder/server.ts"
import type { Catalogue } from "./catalogue.ts"
import { lossText } from "./losses.ts"
import { type Node, serverOf } from "./node.ts"
import { chainOf, originOf, type Place, typeOf, visibleOf } from "./place.ts"
import { compareVersions, nameKey, servedOf } from "./versions.ts"

/**
 * What came from where under which name, as a tree of lines: each server with its mount, policy, middleware and transforms,
 * its components by the names that clients use, and what is left out. Of an app that runs it has what sources gave by now; a
 * server is assembled for it, which throws `AssemblyError` where it cannot be.
 * @example console.error(describe(main))
 */
export const describe = (served: App | AnyServer): string => {
  if (isApp(served)) {
    const { assembly, catalogue } = served["~mcpipe/App"]
    return textOf(assembly.root, catalogue())
  }
  if (!isServer(served)) throw new DefinitionError("describe(…) takes a server, or an app made by assemble(server).")
  const { root, catalogue } = assembleServer(served)
  return textOf(root, catalogue)
}

/** What is said of one server: its own line, and the components that came from it. */
interface Shown {
  readonly served: Map<string, Array<Place>>
  readonly lost: Array<string>
  readonly unserved: Array<string>
}

const textOf = (root: Node, catalogue: Catalogue): string => {
  const places = catalogue.places.get(root)!
  const shown = new Map<Node, Shown>()
  const at = (node: Node): Shown => {
    const home = serverOf(node)
    let known = shown.get(home)
    if (known === undefined) {
      known = { served: new Map(), lost: [], unserved: [] }
      shown.set(home, known)
    }
    return known
  }
  for (const place of places) {
    const { served } = at(homeOf(place))
    const key = nameKey(typeOf(place), place.name)
    served.set(key, [...(served.get(key) ?? []), place])
  }
  for (const loss of catalogue.losses) at(homeOf(loss.lost)).lost.push(lossText(loss))
  const accounted = new Set([...places, ...catalogue.losses.map(({ lost }) => lost)].flatMap(chainOf))
  for (const [node, all] of catalogue.places) {
    for (const place of all) {
      const isOwn = originOf(place).node === node && homeOf(place) === node
      if (isOwn && !accounted.has(originOf(place))) at(node).unserved.push(`${typeOf(place)} ${plain(place.name)}`)
    }
  }
  const highest = new Map(servedOf(places).map((place) => [nameKey(typeOf(place), place.name), place]))
  const linesOf = (node: Node): ReadonlyArray<string> => {
    const { served, lost, unserved } = at(node)
    return [
      headOf(node),
      ...indented([
        ...[...served].map(([key, all]) => componentLine(all, highest.get(key)!)),
        ...lost,
        ...(unserved.length === 0 ? [] : [`not served: ${unserved.join(", ")}`]),
        ...mountsOf(node).flatMap(linesOf)
      ])
    ]
  }
  return linesOf(root).join("\n")
}

const indented = (lines: ReadonlyArray<string>): ReadonlyArray<string> => lines.map((line) => `  ${line}`)

/** Its node, and those inside its transforms, outermost first. */
const partsOf = (node: Node): ReadonlyArray<Node> => [
  node,
  ...node.children.filter(({ policy }) => policy.own).flatMap(partsOf)
]

const mountsOf = (node: Node): ReadonlyArray<Node> =>
  partsOf(node).flatMap(({ children }) => children.filter(({ policy }) => !policy.own))

/** Where a component is shown: what transforms of a mount made is the mount's. */
const homeOf = (place: Place): Node => {
  const origin = originOf(place)
  const border = chainOf(place).find(({ from }) => from !== undefined)
  return border?.from !== undefined && border.node === origin.node ? border.from : origin.node
}

const headOf = (node: Node): string => {
  const parts = partsOf(node)
  const { info, parent, namespace, policy } = node
  const { collisions, only, except, rename } = policy
  const middleware = parts.reduce((sum, { definition }) => sum + definition.middleware.length, 0)
  const transforms = [...policy.transforms, ...parts.slice(1).flatMap((part) => part.policy.transforms)]
  const sources = parts.flatMap(({ definition }) => definition.sources)
  const server = `server ${JSON.stringify(info.name)} ${plain(info.version)}`
  const mount = namespace === undefined ? "mounted without a namespace" : `mounted as ${JSON.stringify(namespace)}`
  return [
    parent === undefined ? server : `${server}, ${mount}`,
    ...(collisions === "error" ? [] : [`collisions ${JSON.stringify(collisions)}`]),
    ...(only === undefined ? [] : [`only ${only.text}`]),
    ...(except === undefined ? [] : [`except ${except.text}`]),
    ...(rename.size === 0
      ? []
      : [`rename ${[...rename].map(([from, to]) => `${plain(from)} to ${plain(to)}`).join(", ")}`]),
    ...(middleware === 0 ? [] : [`${middleware} middleware`]),
    ...(transforms.length === 0 ? [] : [`transforms ${transforms.map(({ name }) => plain(name)).join(", ")}`]),
    ...(sources.length === 0 ? [] : [`sources ${sources.map(({ name }) => plain(name)).join(", ")}`])
  ].join("; ")
}

/** One line for all versions of a component that one server has. */
const componentLine = (some: ReadonlyArray<Place>, highest: Place): string => {
  const all = some.toSorted((a, b) => compareVersions(b.component.version, a.component.version))
  const [first] = all
  const home = originOf(first!)
  const versions = all.flatMap(({ component: { version } }) => (version === undefined ? [] : [plain(version)]))
  const middleware = chainOf(first!).reduce((sum, { shape }) => sum + (shape?.middleware?.length ?? 0), 0)
  const { version: served = "" } = highest.component
  const others = all.includes(highest) ? "" : `, served is ${plain(served)}`
  return [
    `${typeOf(first!)} ${plain(first!.name)}`,
    ...(home.name === first!.name ? [] : [`at home ${plain(home.name)}`]),
    ...(versions.length === 0
      ? []
      : [`${versions.length === 1 ? "version" : "versions"} ${versions.join(", ")}${others}`]),
    ...(home.node !== homeOf(first!) ? ["made by a transform"] : []),
    ...(middleware === 0 ? [] : [`${middleware} middleware`]),
    ...(all.some((place) => visibleOf(place) !== undefined) ? ["for some callers"] : [])
  ].join("; ")
}

/** Text that can neither end a line nor be taken for the words around it. */
const plain = (text: string): string => (/^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text))
