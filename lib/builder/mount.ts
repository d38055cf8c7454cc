import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"
import { type AnyMiddleware, isMiddleware } from "./middleware.ts"
import { isRecord, isText, OptionReader } from "./options.ts"
import type { Selection, Selector } from "./selection.ts"
import { isTransform, type Transform } from "./transform.ts"

/**
 * What happens where a mounted component has the name, version and kind of one that is there already: `"error"` stops at
 * assembly, `"suffix"` serves the later one as `name_2`, `"keep"` leaves the later one out, `"replace"` the earlier one.
 * Resources of a mount that is suffixed move together, to `scheme://namespace_2/…`.
 */
export type Collisions = "error" | "suffix" | "keep" | "replace"

/** One or several; the empty tuple lets the compiler see each of them, in their order. */
type OneOrMore<A> = A | readonly [] | ReadonlyArray<A>

export interface MountOptions {
  /** Default `"error"`. What is left out is logged when the app starts, and shown by `describe`. */
  readonly collisions?: Collisions | undefined
  /** Serves these alone, by the names they have on the mounted server. Default: all. */
  readonly only?: Selection | undefined
  /** Leaves these out, by the names they have on the mounted server. */
  readonly except?: Selection | undefined
  /** New names for tools and prompts, by those they have on the mounted server; the namespace comes before the new name. */
  readonly rename?: Readonly<Record<string, string>> | undefined
  /** Middleware around the mounted server, outside its own; the first is outermost. It sees the mounted server's names. */
  readonly use?: OneOrMore<AnyMiddleware> | undefined
  /** Transforms of what is mounted, after `only`, `except` and `rename`, before the namespace; the first is innermost. */
  readonly transform?: OneOrMore<Transform<any>> | undefined
}

/** How a server is mounted, checked and made ready. */
export interface MountPolicy {
  readonly collisions: Collisions
  readonly only: Selector | undefined
  readonly except: Selector | undefined
  readonly rename: ReadonlyMap<string, string>
  readonly use: ReadonlyArray<AnyMiddleware>
  readonly transforms: ReadonlyArray<Transform<unknown>>
  /** Whether it is a server's own components, behind its transforms. */
  readonly own: boolean
}

const namespacePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Throws a `DefinitionError` that begins with `where` for what cannot be a namespace. */
export const checkNamespace = (namespace: unknown, where: string): void => {
  if (typeof namespace === "string" && namespacePattern.test(namespace)) return
  throw new DefinitionError(`${where}: a namespace is 1 to 64 letters, digits, ".", "_" and "-", such as "crm".`)
}

const optionNames = ["collisions", "only", "except", "rename", "use", "transform"] as const

/** Checks the options of a mount; throws a `DefinitionError` that names `where`, the option and what it takes. */
export const mountPolicy = (options: MountOptions = {}, where: string): MountPolicy => {
  const read = new OptionReader(where, options, optionNames)
  return {
    collisions: read.oneOf("collisions", ["error", "suffix", "keep", "replace"], "error"),
    only: read.selection("only"),
    except: read.selection("except"),
    rename: renames(read),
    use: listOf(
      read.value("use"),
      isMiddleware,
      `${where}: use takes middleware, made by middleware({ … }), or an array of it.`
    ),
    transforms: listOf(
      read.value("transform"),
      isTransform,
      `${where}: transform takes a transform, or an array of them.`
    ),
    own: false
  }
}

/** A server's own transforms, around all it has. */
export const ownTransforms = (transforms: ReadonlyArray<unknown>, where: string): MountPolicy => ({
  ...mountPolicy(undefined, where),
  transforms: listOf(
    transforms,
    isTransform,
    `${where} takes transforms, made by transform(name, …) or mcpipe/transforms.`
  ),
  own: true
})

const renames = (read: OptionReader<MountOptions>): ReadonlyMap<string, string> => {
  read.expect("rename", isRecord, 'use { oldName: "new_name" }')
  const rename = read.value("rename") ?? {}
  for (const [from, to] of Object.entries(rename)) {
    if (!isText(to)) read.fail(`rename.${from} is ${shortJson(to)}; give it a non-empty name.`)
  }
  return new Map(Object.entries(rename))
}

const listOf = <A>(given: unknown, is: (u: unknown) => u is A, message: string): ReadonlyArray<A> => {
  if (given === undefined) return []
  const all = Array.isArray(given) ? given : [given]
  if (!all.every(is)) throw new DefinitionError(message)
  return all
}
