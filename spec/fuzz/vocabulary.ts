import fc from "fast-check"

export type Era = "handshake" | "sessionless"
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
export type Members = { readonly [key: string]: Json }

export const revisions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const

/** Strings that have broken programs before; `PROTO` becomes `__proto__` once it is JSON text. */
const hostile = [
  "",
  "PROTO",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "toJSON",
  "then",
  "\u0000",
  "\u0000add",
  "\ud800",
  "add\udc00",
  "x\ud83d",
  "\u2028\u2029",
  "\ufeff",
  "\r\nx: y",
  "ä€😀",
  "%",
  "%00",
  "%ZZ",
  "..",
  "../../secret",
  "{{x}}",
  "1e999",
  "x".repeat(5_000),
  "é".repeat(3_000),
  "😀".repeat(200)
]

export const uris = [
  "doc://readme",
  "doc://bytes",
  "doc://several",
  "doc://refused",
  "doc://broken",
  "doc://missing",
  "user://42",
  "user://x",
  "user://%34%32",
  "user://%",
  "user://%ff",
  "user://%00",
  "user://1%2F2",
  "user://{id}",
  "tree:///a/b",
  "tree:///a/../b",
  "tree:///%2e%2e/b",
  "tree:///a%2fb",
  "tree:///%c0%ae",
  "tree:///%ed%a0%80",
  "tree:///\ud800",
  "tree:///{path*}",
  "tree:////",
  "search://all",
  "search://all?q=1&limit=2",
  "search://all?q=1&q=2",
  "search://all?q=%E0%A4%A",
  "search://all?q=nothing",
  "search://all?PROTO=1",
  "://",
  "doc:",
  "DOC://README"
]

export const methods = [
  "ping",
  "initialize",
  "server/discover",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "subscriptions/listen",
  "find/things",
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress"
]

export const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...hostile) },
  { weight: 1, arbitrary: fc.constantFrom(...uris) },
  { weight: 1, arbitrary: fc.constantFrom(...methods) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) }
)

export const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e21, 5e-324, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 4_294_967_296),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer()
)

const nested = (levels: number, list: boolean): Json => {
  let value: Json = 1
  for (let level = 0; level < levels; level++) value = list ? [value] : { a: value }
  return value
}

export const leaf: fc.Arbitrary<Json> = fc.oneof(fc.constantFrom<Json>(null, true, false), number, text)

/** Any JSON, and nests around the depth where messages are refused. */
export const anything: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: leaf },
  { weight: 1, arbitrary: fc.array(leaf, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.dictionary(text, leaf, { maxKeys: 4 }) as fc.Arbitrary<Json> },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(5, 55, 61, 62, 63, 64, 65, 200), fc.boolean()).map(([n, l]) => nested(n, l))
  }
)

/** What a client may say it can be asked. */
export const capabilities = fc.constantFrom<Members>(
  {},
  { elicitation: {}, sampling: {}, roots: {} },
  { elicitation: { form: {} } },
  { elicitation: { url: {} }, sampling: 5 }
)

/** Few ids, so that they meet: the same id twice, as a number and as text, cancelled before and after. */
export const id: fc.Arbitrary<Json> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Json>(1, 2, 3, "1", "2", "a", 0, -1) },
  { weight: 1, arbitrary: fc.constantFrom<Json>(-0, 1.5, 2 ** 53, null, "", "PROTO", "\ud800", true, [1], { a: 1 }) }
)
