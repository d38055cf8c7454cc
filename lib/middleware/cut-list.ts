import type { Cuts } from "./cuts.ts"
import { jsonBytes } from "./json-bytes.ts"

/** How the items of a list are made smaller. */
export interface Items<A> {
  /** The item's beginning in so many bytes of JSON; undefined for what is left out whole. */
  readonly shorten: (item: A, bytes: number, path: string) => A | undefined
  /** Whether `shorten` has any use. */
  readonly isText: (item: A) => boolean
  /** What stands for an item that is left out. */
  readonly note: (item: A, words: string) => A
  /** The item in words, and how many bytes it has. */
  readonly describe: (item: A) => readonly [words: string, bytes: number]
}

/** The least an item has to be given for a list to be cut item by item; below that its end is left out. */
const leastShare = 200

/**
 * A list that takes at most so many bytes of JSON: what is small stays, long texts are cut to equal length, anything else
 * that is too long gives way to a note. Undefined where not even that fits.
 */
export const cutList = <A>(
  items: ReadonlyArray<A>,
  bytes: number,
  { shorten, isText, note, describe }: Items<A>,
  cuts: Cuts,
  path: string
): ReadonlyArray<A> | undefined => {
  const sizes = items.map((item) => jsonBytes(item, bytes))
  // brackets, and commas between
  const room = bytes - 1 - Math.max(1, items.length)
  const noteOf = (item: A): A => {
    const [words, size] = describe(item)
    return note(item, `[${words} of ${size} bytes left out: too long for this answer]`)
  }
  const leftOut = (item: A, at: number, note = noteOf(item)): A => {
    cuts.add(`${path}[${at}]`, 0, describe(item)[1], "bytes")
    return note
  }
  let share = shareOf(sizes, room)
  if (share >= leastShare) {
    const notes = items.map((item, at) => (sizes[at]! > share && !isText(item) ? noteOf(item) : undefined))
    // what they take less is for texts
    share = shareOf(
      sizes.map((size, at) => (notes[at] === undefined ? size : jsonBytes(notes[at], bytes))),
      room
    )
    const made = items.map((item, at) => {
      if (notes[at] !== undefined) return leftOut(item, at, notes[at])
      if (sizes[at]! <= share) return item
      return shorten(item, Math.floor(share), `${path}[${at}]`) ?? leftOut(item, at)
    })
    return jsonBytes(made, bytes) <= bytes ? made : undefined
  }
  // too many to give something of each
  let left = room - leastShare
  const made: Array<A> = []
  for (const [at, item] of items.entries()) {
    left -= sizes[at]!
    if (left < 0) break
    made.push(item)
  }
  cuts.add(path, made.length, items.length, "items")
  made.push(note(items[made.length]!, `[${items.length - made.length} more left out: too long for this answer]`))
  return jsonBytes(made, bytes) <= bytes ? made : undefined
}

/** The most that each may take so that all fit, where those that need less leave the rest to the others. */
const shareOf = (sizes: ReadonlyArray<number>, room: number): number => {
  let left = room
  const sorted = [...sizes].sort((a, b) => a - b)
  for (const [index, size] of sorted.entries()) {
    const share = left / (sorted.length - index)
    if (size > share) return share
    left -= size
  }
  return Number.POSITIVE_INFINITY
}
