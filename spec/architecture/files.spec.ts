import { expect, it } from "vitest"
import { readLibrary } from "./source.ts"

const library = readLibrary()
const where = (pattern: RegExp, part: "text" | "code") =>
  library.filter((source) => pattern.test(source[part])).map(({ path }) => path)

it("no file is long enough to hold two ideas", () => {
  const lengths = library.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
  expect(lengths.filter(({ lines }) => lines > 500)).toEqual([])
})

it("file names are kebab-case, so an address can be guessed from a function's name", () => {
  const odd = library.filter(({ path }) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(path))
  expect(odd.map(({ path }) => path)).toEqual([])
})

it("nothing writes to stdout, which belongs to the protocol; one file reports on stderr", () => {
  expect(where(/\bconsole\s*\.(?!error\b)|\bprocess\.stdout\.write\(|\bdebugger\b/, "code")).toEqual([])
  expect(where(/\bconsole\b/, "code")).toEqual(["transports/report.ts"])
})

it("nothing is left for later", () => {
  expect(where(/\b(TODO|FIXME|XXX|HACK)\b|not implemented/, "text")).toEqual([])
})
