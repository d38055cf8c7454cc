import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"

export interface Import {
  /** As written: `./x.ts`, `effect/Effect`. */
  readonly specifier: string
  readonly kind: "value" | "type" | "dynamic"
}

export interface Source {
  /** Relative to lib/, with slashes: `builder/tool.ts`. */
  readonly path: string
  readonly text: string
  /** The text without comments that begin a line. */
  readonly code: string
  readonly imports: ReadonlyArray<Import>
}

const lib = new URL("../../lib/", import.meta.url)

/** Every TypeScript file of the library. */
export const readLibrary = (): ReadonlyArray<Source> =>
  readdirSync(lib, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => parseSource(path, readFileSync(new URL(path, lib), "utf8")))

export const parseSource = (path: string, text: string): Source => {
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "")
  return { path, text, code, imports: [...staticImports(code), ...dynamicImports(code)] }
}

const staticImports = (code: string): ReadonlyArray<Import> =>
  [...code.matchAll(/^(?:import|export)\s+(type\s)?(?:[\w*{][^"']*?\sfrom\s*)?"([^"]+)"/gm)].map((match) => ({
    specifier: match[2]!,
    kind: match[1] === undefined ? "value" : "type"
  }))

const dynamicImports = (code: string): ReadonlyArray<Import> =>
  [...code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)].map((match) => ({ specifier: match[1]!, kind: "dynamic" }))

/** Where a relative import leads, relative to lib/; undefined for packages. */
export const target = (source: Source, { specifier }: Import): string | undefined =>
  specifier.startsWith(".") ? posix.join(posix.dirname(source.path), specifier) : undefined
