import fc from "fast-check"

/** JSON as it stands in a text, where one object may hold two members of one name. */
export type Written =
  | { readonly type: "leaf"; readonly value: null | boolean | number | string }
  | { readonly type: "array"; readonly items: ReadonlyArray<Written> }
  | { readonly type: "object"; readonly members: ReadonlyArray<readonly [key: string, value: Written]> }

export interface Twice {
  readonly key: string
  readonly path: ReadonlyArray<string | number>
}

/** The first name used twice in one object, as one reads; only those of the envelope unless `everywhere`. */
export const firstTwice = (root: Written, everywhere: boolean): Twice | undefined => {
  const envelope = (path: ReadonlyArray<string | number>): boolean => {
    const [first, second, ...deeper] = root.type === "array" ? path.slice(1) : path
    const inMessage = root.type === "object" || path.length > 0
    return (
      inMessage &&
      deeper.length === 0 &&
      [undefined, "params"].includes(first as string) &&
      [undefined, "_meta"].includes(second as string)
    )
  }
  const search = (one: Written, path: ReadonlyArray<string | number>): Twice | undefined => {
    if (one.type === "leaf") return undefined
    const looked = everywhere || envelope(path)
    const names: Array<string> = []
    const inner = one.type === "array" ? one.items.map((item, at) => [at, item] as const) : one.members
    for (const [at, value] of inner) {
      if (looked && typeof at === "string" && names.includes(at)) return { key: at, path }
      names.push(String(at))
      const found = search(value, [...path, at])
      if (found !== undefined) return found
    }
    return undefined
  }
  return search(root, [])
}

/** Reads a text that JSON.parse has read before, and forgets nothing. */
export const readWritten = (text: string): Written => {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs)!
  let at = 0
  const read = (): Written => {
    const token = tokens[at++]!
    if (token === "[") {
      const items: Array<Written> = []
      while (tokens[at] !== "]") {
        if (tokens[at] === ",") at++
        items.push(read())
      }
      at++
      return { type: "array", items }
    }
    if (token === "{") {
      const members: Array<readonly [string, Written]> = []
      while (tokens[at] !== "}") {
        if (tokens[at] === ",") at++
        const key: string = JSON.parse(tokens[at]!)
        at += 2
        members.push([key, read()])
      }
      at++
      return { type: "object", members }
    }
    return { type: "leaf", value: JSON.parse(token) }
  }
  return read()
}

const names = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      "params",
      "_meta",
      "id",
      "method",
      "__proto__",
      "constructor",
      "a",
      "",
      "pa",
      'a"b',
      "{:}"
    )
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) }
)

const leaf = fc
  .oneof(
    fc.constantFrom<null | boolean | number | string>(null, true, 0, -1.5e30, '"', '\\"', '{"a":1,"a":2}', "],[", "\\"),
    fc.string({ unit: "binary", maxLength: 5 })
  )
  .map((value): Written => ({ type: "leaf", value }))

const { any } = fc.letrec<{ any: Written }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 2, arbitrary: leaf },
    {
      weight: 3,
      arbitrary: fc
        .array(fc.tuple(names, tie("any")), { maxLength: 4 })
        .map((members): Written => ({ type: "object", members }))
    },
    { weight: 1, arbitrary: fc.array(tie("any"), { maxLength: 3 }).map((items): Written => ({ type: "array", items })) }
  )
}))

/** Any JSON with names that come again, at places of the envelope and elsewhere. */
export const written: fc.Arbitrary<Written> = any

/** How characters are escaped and where blanks stand: taken in turn. */
export const manners = fc.record({
  blanks: fc.array(fc.constantFrom("", "", "", " ", "\n\t", "\r"), { minLength: 1, maxLength: 7 }),
  escaped: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
})

type Manners = typeof manners extends fc.Arbitrary<infer M> ? M : never

/** The text of it; nothing but the manners decides how the same thing is spelled. */
export const textOf = (root: Written, { blanks, escaped }: Manners): string => {
  let blank = 0
  let letter = 0
  const gap = () => blanks[blank++ % blanks.length]!
  const character = (char: string) =>
    escaped[letter++ % escaped.length]
      ? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
      : JSON.stringify(char).slice(1, -1)
  const string = (value: string) => `"${value.split("").map(character).join("")}"`
  const write = (one: Written): string => {
    switch (one.type) {
      case "leaf":
        return typeof one.value === "string" ? string(one.value) : JSON.stringify(one.value)
      case "array":
        return `[${one.items.map((item) => gap() + write(item) + gap()).join(",")}]`
      case "object":
        return `{${one.members.map(([key, value]) => `${gap()}${string(key)}${gap()}:${gap()}${write(value)}${gap()}`).join(",")}}`
    }
  }
  return gap() + write(root) + gap()
}
