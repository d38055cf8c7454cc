import type { Component } from "./component.ts"
import { DefinitionError } from "./errors.ts"
import { shortJson } from "./issues.ts"

/** A component under the name a server knows it by: its own, or with namespaces where it was mounted. */
export interface Named {
  readonly type: "tool" | "resource" | "prompt"
  /** A tool's or prompt's name, a resource's URI or template. */
  readonly name: string
  readonly tags: ReadonlyArray<string>
  readonly component: Component
}

/**
 * Picks components: names of tools and prompts and URIs of resources, in which `*` stands for anything; `{ tag }`; or a
 * function. Several in an array are alternatives.
 */
export type Selection =
  | string
  | { readonly tag: string }
  | ((component: Named) => boolean)
  | ReadonlyArray<string | { readonly tag: string } | ((component: Named) => boolean)>

/** A selection made ready: what it picks, and the names in it, which should be somebody's. */
export interface Selector {
  /** In words, for people. */
  readonly text: string
  readonly picks: (component: Named) => boolean
  readonly names: ReadonlyArray<{ readonly text: string; readonly matches: (name: string) => boolean }>
}

/** Checks a selection; throws a `DefinitionError` that names `where`. */
export const selector = (selection: Selection, where: string): Selector => {
  const all: ReadonlyArray<unknown> = Array.isArray(selection) ? selection : [selection]
  const names: Array<Selector["names"][number]> = []
  const tests = all.map((one): ((component: Named) => boolean) => {
    if (typeof one === "function") return one as (component: Named) => boolean
    if (typeof one === "string" && one !== "") {
      const matches = matcher(one)
      names.push({ text: one, matches })
      return ({ name }) => matches(name)
    }
    const tag = typeof one === "object" && one !== null ? (one as { tag?: unknown }).tag : undefined
    if (typeof tag === "string") return ({ tags }) => tags.includes(tag)
    throw new DefinitionError(
      `${where} is ${shortJson(selection)}; use names, in which * stands for anything, { tag }, a function, or an array of these.`
    )
  })
  return { text: all.map(textOf).join(", "), picks: (component) => tests.some((test) => test(component)), names }
}

const textOf = (one: unknown): string =>
  typeof one === "string" ? one : typeof one === "function" ? "a function" : `tag ${(one as { tag: string }).tag}`

const matcher = (pattern: string): ((name: string) => boolean) => {
  const parts = pattern.split("*")
  if (parts.length === 1) return (name) => name === pattern
  const first = parts[0]!
  const last = parts.at(-1)!
  const middle = parts.slice(1, -1)
  return (name) => {
    if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
    const end = name.length - last.length
    let at = first.length
    for (const part of middle) {
      const found = name.indexOf(part, at)
      if (found === -1 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}
