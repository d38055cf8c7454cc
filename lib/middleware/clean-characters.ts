export interface CharacterOptions {
  readonly stripControl: boolean
  readonly stripInvisible: boolean
  readonly normalise: "NFC" | "NFKC" | false
  readonly collapseWhitespace: boolean
  readonly trim: boolean
}

/** Cleans the characters of a string; cleaning it again changes nothing. */
export const characterCleaner = (options: CharacterOptions): ((text: string) => string) => {
  const { stripControl, stripInvisible, normalise, collapseWhitespace, trim } = options
  const once = (text: string): string => {
    let made = text
    if (!plain.test(made)) {
      if (stripControl) made = made.replace(control, "")
      if (stripInvisible) made = made.replace(invisible, "").replace(joiners, "")
      if (normalise !== false) made = made.replace(extraMarks, "").normalize(normalise)
    }
    if (collapseWhitespace) made = made.replace(space, " ").replace(extraSpace, "")
    return trim ? made.trim() : made
  }
  return (text) => {
    const first = once(text)
    if (first === text || plain.test(first)) return first
    // what was taken away or put together may have stood between what now belongs to other rules
    let made = first
    for (let pass = 0; pass < mostPasses; pass++) {
      const next = once(made)
      if (next === made) return made
      made = next
    }
    return once(once(made.replace(/[\u200c\u200d]/g, "")))
  }
}

/** Printable ASCII and its line ends and tabs, where nothing is to be stripped or put together. */
const plain = /^[\t\n\r\x20-\x7e]*$/

// no rule below repeats anything: over megabytes that would overflow the engine's stack

/** Accents put together can make a letter Latin that no joiner belongs to, and so one after the other. */
const mostPasses = 4

/** C0, DEL and C1 but tabs and line ends. */
const control = /[^\P{Cc}\t\n\r]/gu

/**
 * What Unicode says to show nothing for: soft hyphens, zero-width spaces, direction marks, embeddings, overrides and
 * isolates, fillers, invisible operators, tags. Of the variation selectors of emoji, those behind another one.
 */
const invisible =
  /(?!\u200c|\u200d|[\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]/gu

/** Joiners and non-joiners that do not stand behind an emoji, or a letter of a script that has use for them. */
const joiners = /(?<!(?!\p{Script=Latin})[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]/gu

/**
 * What is beyond 30 combining marks in a row, which no language has (UAX #15 §13, "Stream-Safe Text Format"): to order a
 * million of them takes engines minutes.
 */
const extraMarks = /(?<=\p{M}{30})\p{M}/gu

const space = /\s/gu
const extraSpace = /(?<= ) /g
