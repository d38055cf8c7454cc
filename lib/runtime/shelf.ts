import type { Collisions } from "../builder/mount.ts"
import { parseUriTemplate, templatesConflict, type UriTemplate } from "../builder/uri-template.ts"
import { collisionOf } from "./collision.ts"
import { type Place, typeOf } from "./place.ts"

/** A component that a collision policy left out, and the one that is served in its place. */
export interface Loss {
  readonly lost: Place
  readonly kept: Place
}

interface Template {
  readonly place: Place
  readonly template: UriTemplate
}

/** The components of one node as they are put there: one of each kind, name and version. */
export class Shelf {
  readonly #problems: Array<string>
  readonly #losses: Array<Loss>
  readonly #places = new Map<string, Place>()
  /** By number of literal characters: only those with equally many can be rivals. */
  readonly #templates = new Map<number, Array<Template>>()

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

  /** What is there already under the name and version of a component, or serves the same URIs; undefined where nothing is. */
  rivalOf(place: Place): Place | undefined {
    const same = this.#places.get(keyOf(place))
    if (same !== undefined || typeOf(place) !== "resource") return same
    const template = templateOf(place)
    if (!template.isTemplate) return undefined
    const rivals = this.#templates.get(template.literals) ?? []
    return rivals.find(
      (other) =>
        // versions of one template are no rivals
        other.place.name !== place.name && templatesConflict(other.template, template)
    )?.place
  }

  all(): ReadonlyArray<Place> {
    return [...this.#places.values()]
  }

  #add(place: Place): void {
    this.#places.set(keyOf(place), place)
    if (typeOf(place) !== "resource") return
    const template = templateOf(place)
    if (!template.isTemplate) return
    const alike = this.#templates.get(template.literals)
    if (alike === undefined) this.#templates.set(template.literals, [{ place, template }])
    else alike.push({ place, template })
  }

  #remove(place: Place): void {
    this.#places.delete(keyOf(place))
    for (const [literals, alike] of this.#templates) {
      this.#templates.set(
        literals,
        alike.filter((other) => other.place !== place)
      )
    }
  }
}

const keyOf = (place: Place): string => `${typeOf(place)} ${place.component.version ?? ""} ${place.name}`

const templateOf = ({ name }: Place): UriTemplate => parseUriTemplate(name, `resource ${JSON.stringify(name)}`)
