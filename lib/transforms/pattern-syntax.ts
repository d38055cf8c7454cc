/** A regular expression, read. */
export type Pattern =
  | { readonly type: "char"; readonly fits: (char: string) => boolean }
  | { readonly type: "place"; readonly fits: (before: string, after: string) => boolean }
  | { readonly type: "sequence"; readonly items: ReadonlyArray<Pattern> }
  | { readonly type: "choice"; readonly items: ReadonlyArray<Pattern> }
  | { readonly type: "repeat"; readonly item: Pattern; readonly min: number; readonly max: number | undefined }

const maxRepeat = 100
const maxDepth = 20

/** Reads what `linearPattern` knows of regular expressions; throws a `SyntaxError` that says what it does not. */
export const parsePattern = (source: string): Pattern => {
  const parser = new Parser([...source])
  const pattern = parser.choice(0)
  parser.expectEnd()
  return pattern
}

type Test = (char: string) => boolean

const digit: Test = (char) => /^\d$/.test(char)
const wordChar: Test = (char) => /^[\p{L}\p{N}_]$/u.test(char)
const space: Test = (char) => /^\s$/.test(char)
const not =
  (test: Test): Test =>
  (char) =>
    !test(char)

const classes: ReadonlyMap<string, Test> = new Map([
  ["d", digit],
  ["D", not(digit)],
  ["w", wordChar],
  ["W", not(wordChar)],
  ["s", space],
  ["S", not(space)]
])

const controls: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["f", "\f"],
  ["v", "\v"]
])

/** Whatever the case of either. */
const same = (one: string): Test => {
  const lower = one.toLowerCase()
  return (char) => char === one || char.toLowerCase() === lower
}

const between = (from: string, to: string): Test => {
  const [low, high] = [from.codePointAt(0)!, to.codePointAt(0)!]
  if (low > high) throw new SyntaxError(`the range ${from}-${to} is in the wrong order`)
  const within = (char: string) => {
    const code = char.codePointAt(0)!
    return code >= low && code <= high
  }
  return (char) => within(char) || within(char.toLowerCase()) || within(char.toUpperCase())
}

const boundary = (before: string, after: string): boolean => wordChar(before) !== wordChar(after)

class Parser {
  readonly #chars: ReadonlyArray<string>
  #at = 0

  constructor(chars: ReadonlyArray<string>) {
    this.#chars = chars
  }

  expectEnd(): void {
    if (this.#at < this.#chars.length) throw new SyntaxError("a ) has no ( before it; write \\)")
  }

  choice(depth: number): Pattern {
    if (depth > maxDepth) throw new SyntaxError("its groups are nested too deep")
    const items = [this.#sequence(depth)]
    while (this.#take("|")) items.push(this.#sequence(depth))
    return items.length === 1 ? items[0]! : { type: "choice", items }
  }

  #sequence(depth: number): Pattern {
    const items: Array<Pattern> = []
    while (this.#at < this.#chars.length && this.#peek() !== "|" && this.#peek() !== ")") {
      items.push(this.#repeated(this.#atom(depth)))
    }
    return { type: "sequence", items }
  }

  #repeated(item: Pattern): Pattern {
    const bounds = this.#bounds()
    if (bounds === undefined) return item
    // lazy or greedy, it matches the same texts
    this.#take("?")
    if (this.#bounds() !== undefined) throw new SyntaxError("what is repeated is repeated again; put it into ( )")
    return { type: "repeat", item, ...bounds }
  }

  #bounds(): { readonly min: number; readonly max: number | undefined } | undefined {
    if (this.#take("*")) return { min: 0, max: undefined }
    if (this.#take("+")) return { min: 1, max: undefined }
    if (this.#take("?")) return { min: 0, max: 1 }
    const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.#chars.slice(this.#at, this.#at + 12).join(""))
    if (found === null) return undefined
    this.#at += found[0].length
    const min = Number(found[1])
    const max = found[2] === undefined ? min : found[3] === undefined ? undefined : Number(found[3])
    if (Math.max(min, max ?? 0) > maxRepeat) throw new SyntaxError(`it repeats more than ${maxRepeat} times`)
    if (max !== undefined && max < min) throw new SyntaxError(`${found[0]} is in the wrong order`)
    return { min, max }
  }

  #atom(depth: number): Pattern {
    const char = this.#next()
    switch (char) {
      case "(":
        return this.#group(depth)
      case "[":
        return { type: "char", fits: this.#class() }
      case ".":
        return { type: "char", fits: (one) => one !== "\n" }
      case "^":
        return { type: "place", fits: (before) => before === "" || before === "\n" }
      case "$":
        return { type: "place", fits: (_, after) => after === "" || after === "\n" }
      case "\\":
        return this.#escape()
      case "*":
      case "+":
      case "?":
        throw new SyntaxError(`${char} has nothing before it to repeat; write \\${char}`)
      default:
        return { type: "char", fits: same(char) }
    }
  }

  #group(depth: number): Pattern {
    if (this.#take("?") && !this.#take(":")) {
      throw new SyntaxError(
        "(?…) is known as (?:…) alone: there is no looking around, and there are no names and flags"
      )
    }
    const inside = this.choice(depth + 1)
    if (!this.#take(")")) throw new SyntaxError("a ( has no ) behind it; write \\(")
    return inside
  }

  #escape(): Pattern {
    const char = this.#next()
    if (char === "b") return { type: "place", fits: boundary }
    if (char === "B") return { type: "place", fits: (before, after) => !boundary(before, after) }
    return { type: "char", fits: classes.get(char) ?? same(this.#literal(char)) }
  }

  #literal(char: string): string {
    const control = controls.get(char)
    if (control !== undefined) return control
    if (/^[\p{L}\p{N}]$/u.test(char)) throw new SyntaxError(`\\${char} is not known`)
    return char
  }

  #class(): Test {
    const negated = this.#take("^")
    const tests: Array<Test> = []
    // a ] that comes first is one of the characters, as in most dialects
    for (let first = true; first || this.#peek() !== "]"; first = false) {
      const from = this.#member()
      if (typeof from === "string" && this.#peek() === "-" && (this.#chars[this.#at + 1] ?? "]") !== "]") {
        this.#at++
        const to = this.#member()
        if (typeof to !== "string") throw new SyntaxError("a range in [ ] goes from one character to another")
        tests.push(between(from, to))
      } else tests.push(typeof from === "string" ? same(from) : from)
    }
    this.#at++
    return (char) => tests.some((test) => test(char)) !== negated
  }

  #member(): string | Test {
    const char = this.#next("a [ has no ] behind it; write \\[")
    if (char !== "\\") return char
    const escaped = this.#next()
    return classes.get(escaped) ?? this.#literal(escaped)
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false
    this.#at++
    return true
  }

  #next(missing = "it ends with a \\"): string {
    const char = this.#chars[this.#at]
    if (char === undefined) throw new SyntaxError(missing)
    this.#at++
    return char
  }
}
