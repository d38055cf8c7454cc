import { jsonBytes } from "./json-bytes.ts"

/** One part that was cut. */
export interface Cut {
  /** Where, as in `$.structuredContent.rows`; long paths are shortened. */
  readonly path: string
  /** How much of it is left. */
  readonly kept: number
  readonly of: number
  /** UTF-16 code units of a text, items of a list, or bytes of what was left out whole. */
  readonly unit: "characters" | "items" | "bytes"
}

/** What stands in `_meta["mcpipe/truncated"]`. */
export interface Truncated {
  /** The limit, in bytes of JSON. */
  readonly maxBytes: number
  readonly cut: ReadonlyArray<Cut>
  /** How many cuts there are beside those listed. */
  readonly more?: number
}

export const metaKey = "mcpipe/truncated"

/** Cuts made so far, of which as many are listed as fit into so many bytes. */
export class Cuts {
  readonly #maxBytes: number
  readonly #listed: Array<Cut> = []
  #left: number
  #more = 0

  constructor(maxBytes: number, metaBytes: number) {
    this.#maxBytes = maxBytes
    // what is around the list
    this.#left = metaBytes - 80
  }

  add(path: string, kept: number, of: number, unit: Cut["unit"]): void {
    const cut = { path: path.length > 80 ? `${path.slice(0, 77)}...` : path, kept, of, unit }
    const bytes = jsonBytes(cut, this.#left - 1) + 1
    if (bytes > this.#left) this.#more++
    else {
      this.#left -= bytes
      this.#listed.push(cut)
    }
  }

  get truncated(): Truncated {
    const all = { maxBytes: this.#maxBytes, cut: this.#listed }
    return this.#more === 0 ? all : { ...all, more: this.#more }
  }
}

/** How many bytes of a limit are kept free for what says what was cut. */
export const metaBytesOf = (maxBytes: number): number => Math.min(4096, Math.max(256, Math.floor(maxBytes / 8)))
