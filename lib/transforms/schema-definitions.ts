import type { JsonSchemaDocument } from "../builder/schema.ts"

/** The `$defs` of a schema that is being written anew: one entry for each part and variant of it that is referred to. */
export class Definitions {
  readonly #written: Record<string, unknown> = {}
  readonly #names = new Map<unknown, Map<unknown, string>>()
  #count = 0

  /** A reference to `target`, which `write` writes once for each `variant`. */
  refer(target: unknown, variant: unknown, write: () => unknown): string {
    let names = this.#names.get(target)
    if (names === undefined) {
      names = new Map()
      this.#names.set(target, names)
    }
    let name = names.get(variant)
    if (name === undefined) {
      name = `d${++this.#count}`
      names.set(variant, name)
      this.#written[name] = write()
    }
    return `#/$defs/${name}`
  }

  /** The document with the definitions that it refers to. */
  added(document: JsonSchemaDocument): JsonSchemaDocument {
    return this.#count === 0 ? document : { ...document, $defs: this.#written }
  }
}

/** Keywords that lose their meaning where references are written anew. */
export const naming: ReadonlySet<string> = new Set(["$id", "$anchor", "$dynamicAnchor", "$defs", "definitions"])
