import type { Collisions } from "../builder/mount.ts"
import { parseUriTemplate, type UriTemplate } from "../builder/uri-template.ts"
import { collisionOf } from "./collision.ts"
import { type Place, typeOf } from "./place.ts"
import { TemplateIndex } from "./template-index.ts"
import { nameKey } from "./versions.ts"

/** A component that a collision policy left out, and the one that is served in its place. */
export interface Loss {
  readonly lost: Place
  readonly kept: Place
}

/** The components of one node as they are put there: one of each kind, name and version. */
export class Shelf {
  readonly #problems: Array<string>
  readonly #losses: Array<Loss>
  readonly #places = new Map<string, Place>()
  /** By kind and name. */
  readonly #versions = new Map<string, ReadonlyArray<Place>>()
  readonly #templates = new TemplateIndex<Place>()
  readonly #parsed = new Map<string, UriTemplate>()

  constructor(problems: Array<string>, losses: Array<Loss>) {
    this.#problems = problems
    this.#losses = losses
  }

  put(place: Place, collisions: Collisions): void {
    const rival = this.rivalOf(place)
    if (rival === undefined) {
      this.#add(place)
      return
    }
    switch (collisions) {
      case "error":
        this.#problems.push(collisionOf(rival, place))
        return
      case "keep":
        this.#losses.push({ lost: place, kept: rival })
        return
      case "replace":
        this.#losses.push({ lost: rival, kept: place })
        this.#remove(rival)
        // a template may have several rivals
        this.put(place, collisions)
        return
      case "suffix":
        // what is mounted has got a free name or namespace: two of one mount have the same
        this.#problems.push(collisionOf(rival, place))
    }
  }

  /**
   * What is there already under the name and version of a component, or serves the same URIs; undefined where nothing is. One
   * without a version could not be asked for beside others that have one.
   */
  rivalOf(place: Place): Place | undefined {
    const same = this.#places.get(keyOf(place)) ?? this.#mixedWith(place)
    if (same !== undefined || typeOf(place) !== "resource") return same
    const template = this.#templateOf(place)
    if (!template.isTemplate) return undefined
    // versions of one template are no rivals
    return this.#templates.rival(template, (other) => other.name !== place.name)
  }

  #mixedWith(place: Place): Place | undefined {
    const bare = place.component.version === undefined
    const others = this.#versions.get(nameKey(typeOf(place), place.name))
    return others?.find((other) => (other.component.version === undefined) !== bare)
  }

  all(): ReadonlyArray<Place> {
    return [...this.#places.values()]
  }

  #add(place: Place): void {
    this.#places.set(keyOf(place), place)
    const key = nameKey(typeOf(place), place.name)
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), place])
    if (typeOf(place) !== "resource") return
    const template = this.#templateOf(place)
    if (template.isTemplate) this.#templates.add({ template, value: place })
  }

  #templateOf({ name }: Place): UriTemplate {
    let template = this.#parsed.get(name)
    if (template === undefined) {
      template = parseUriTemplate(name, `resource ${JSON.stringify(name)}`)
      this.#parsed.set(name, template)
    }
    return template
  }

  #remove(place: Place): void {
    this.#places.delete(keyOf(place))
    const key = nameKey(typeOf(place), place.name)
    this.#versions.set(
      key,
      (this.#versions.get(key) ?? []).filter((other) => other !== place)
    )
    if (typeOf(place) === "resource") this.#templates.remove(this.#templateOf(place), place)
  }
}

/** Versions and names may hold any characters. */
const keyOf = (place: Place): string => {
  const { version } = place.component
  return `${typeOf(place)} ${version?.length ?? "-"} ${version ?? ""} ${place.name}`
}
