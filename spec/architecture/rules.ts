import { type Import, type Source, target } from "./source.ts"

/** The rooms from the inside out: a file imports, types included, from its own room and from rooms before it. */
export const rooms = ["builder", "services", "runtime", "protocol", "transports"] as const

/** Entries beside the front door, each a folder that nothing else imports, with the rooms it may know. */
export const annexes: Readonly<Record<string, ReadonlyArray<string>>> = {
  "effect-ai": ["builder", "services"],
  middleware: ["builder", "services", "runtime"],
  redis: ["builder", "services"],
  transforms: ["builder", "services", "runtime"],
  testing: rooms
}

/** Modules of effect without a promise of stability: only the entry that is made for them. */
const unstable: ReadonlyArray<readonly [RegExp, string]> = [
  [/^effect\/ai\/[A-Z]\w*$/, "effect-ai"],
  [/^effect\/testing\/TestClock$/, "testing"]
]

/** The front door stands outside all rooms and may import from each. */
export const door = "index.ts"

const packages: ReadonlyArray<RegExp> = [
  /^effect\/[A-Z]\w*$/,
  /^valibot$/,
  /^@valibot\/to-json-schema$/,
  /^@cfworker\/json-schema$/,
  /^@noble\/hashes\/\w+\.js$/,
  /^node:[a-z_/]+$/
]

/** Packages too slow to load at start: only their types, or a dynamic import. */
const lazy = /^@modelcontextprotocol\/sdk\//

/** What is wrong with a file's imports, one sentence each. */
export const importFaults = (source: Source): ReadonlyArray<string> =>
  source.imports.flatMap((imported) => {
    const fault = packageFault(source, imported) ?? directionFault(source, imported)
    return fault === undefined ? [] : [`${source.path} imports ${imported.specifier}: ${fault}`]
  })

const packageFault = (source: Source, { specifier, kind }: Import): string | undefined => {
  if (specifier.startsWith(".")) {
    return specifier.endsWith(".ts") ? undefined : "name the file with its .ts extension"
  }
  if (specifier === "effect") return "import the deep module, the barrel costs 150 ms at start"
  const home = unstable.find(([pattern]) => pattern.test(specifier))?.[1]
  if (home !== undefined) return folder(source.path) === home ? undefined : `unstable, only ${home}/ may know it`
  if (lazy.test(specifier)) return kind === "value" ? "load it when it is needed, with import()" : undefined
  return packages.some((allowed) => allowed.test(specifier)) ? undefined : "not a dependency of the library"
}

const directionFault = (source: Source, imported: Import): string | undefined => {
  const to = target(source, imported)
  if (to === undefined) return undefined
  const [here, there] = [folder(source.path), folder(to)]
  if (here !== there && annexes[there] !== undefined) return `${there} is an entry for users, not a room`
  if (source.path === door) return undefined
  if (to === door) return "the front door is for users, import the module"
  const known = annexes[here]
  if (known !== undefined) {
    return here === there || known.includes(there) ? undefined : `${here} may know ${known.join(" and ")} alone`
  }
  const from = rank(source.path)
  if (from === -1) return `no room of that name; rooms are ${rooms.join(", ")}`
  const other = rank(to)
  if (other === -1) return "it leads out of the rooms"
  return other > from ? `${rooms[from]} may not know ${rooms[other]}` : undefined
}

const folder = (path: string): string => path.slice(0, path.indexOf("/"))

const rank = (path: string): number => rooms.findIndex((room) => path.startsWith(`${room}/`))

/** The first loop of value imports, as the files one comes through; empty where there is none. Type imports vanish and may loop. */
export const importLoop = (sources: ReadonlyArray<Source>): ReadonlyArray<string> => {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter(({ kind }) => kind === "value").flatMap((imported) => target(source, imported) ?? [])
    ])
  )
  const done = new Set<string>()
  const walk = (path: string, trail: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return []
    for (const next of edges.get(path) ?? []) {
      const loop = walk(next, [...trail, path])
      if (loop.length > 0) return loop
    }
    done.add(path)
    return []
  }
  for (const { path } of sources) {
    const loop = walk(path, [])
    if (loop.length > 0) return loop
  }
  return []
}
