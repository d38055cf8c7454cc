import type { SearchText } from "./search-text.ts"

/** Ranks texts for a query: gives the positions of those that share a word with it, the best first. */
export type Ranking = (query: string) => ReadonlyArray<number>

/** A word in a name says more than one in a description. */
const weights = { name: 4, title: 2, description: 1, args: 1 } as const

// what Robertson and Zaragoza (2009) advise where nothing is known of the texts
const saturation = 1.2
const lengthShare = 0.75

/** An index of texts by BM25. */
export const bm25 = (texts: ReadonlyArray<SearchText>): Ranking => {
  const lengths: Array<number> = []
  const postings = new Map<string, Map<number, number>>()
  for (const [at, text] of texts.entries()) {
    let length = 0
    for (const field of ["name", "title", "description", "args"] as const) {
      for (const word of wordsOf(text[field])) {
        const posting = postings.get(word) ?? new Map<number, number>()
        postings.set(word, posting)
        posting.set(at, (posting.get(at) ?? 0) + weights[field])
        length += weights[field]
      }
    }
    lengths.push(length)
  }
  const average = lengths.reduce((sum, length) => sum + length, 0) / Math.max(lengths.length, 1) || 1
  return (query) => {
    const scores = new Map<number, number>()
    for (const word of new Set(wordsOf(query))) {
      const posting = postings.get(word)
      if (posting === undefined) continue
      const rarity = Math.log(1 + (texts.length - posting.size + 0.5) / (posting.size + 0.5))
      for (const [at, count] of posting) {
        const norm = saturation * (1 - lengthShare + (lengthShare * lengths[at]!) / average)
        scores.set(at, (scores.get(at) ?? 0) + (rarity * count * (saturation + 1)) / (count + norm))
      }
    }
    return [...scores].sort(([a, one], [b, other]) => other - one || a - b).map(([at]) => at)
  }
}

const word = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu

/** Words in lower case, `fooBar2` as `foo`, `bar` and `2`, plurals as their singular; of scripts without spaces each character. */
export const wordsOf = (text: string): ReadonlyArray<string> => {
  const spaced = text
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{L})(\p{N})/gu, "$1 $2")
    .replace(/([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])/gu, " $1 ")
  return (spaced.toLowerCase().match(word) ?? []).map(singular)
}

const singular = (word: string): string =>
  word.length > 3 && word.endsWith("s") && !word.endsWith("ss")
    ? word.endsWith("ies")
      ? `${word.slice(0, -3)}y`
      : word.slice(0, -1)
    : word
