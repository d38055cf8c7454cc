import fc from "fast-check"
import { headersOf, headerChanges } from "./headers.ts"
import { message } from "./messages.ts"
import { type AskAnswer, askAnswers } from "./asks.ts"
import { changeText, type Mutation, mutated, mutation, textChange } from "./mutations.ts"
import { maxBytes } from "./property.ts"
import { anything, capabilities, type Era, id, type Json, type Members, revisions, text } from "./vocabulary.ts"

export type { Era } from "./vocabulary.ts"

/** One HTTP request. */
export interface HttpInput {
  readonly body: string | Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly method: string
  readonly path: string
}

const odd = (era: Era): fc.Arbitrary<Json> =>
  fc
    .tuple(
      fc.oneof({ weight: 5, arbitrary: message(era) }, message(era === "handshake" ? "sessionless" : "handshake")),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant<ReadonlyArray<Mutation>>([]) },
        { weight: 3, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 4 }) }
      )
    )
    .map(([good, mutations]) => (mutations as ReadonlyArray<Mutation>).reduce<Json>(mutated, good))

/** Responses to what was asked and to what was not. */
const asked = fc.oneof(id, fc.constantFrom("mcpipe-1", "mcpipe-2"))

const response: fc.Arbitrary<Json> = fc.oneof(
  fc.record({ jsonrpc: fc.constant("2.0"), id: asked, result: anything }),
  fc.record({ jsonrpc: fc.constant("2.0"), id: asked, error: anything }),
  fc.record({ jsonrpc: fc.constant("2.0"), error: anything })
) as fc.Arbitrary<Json>

/** One JSON value on the wire: messages good and bad, responses, batches, and what is no message at all. */
export const value = (era: Era): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 20, arbitrary: odd(era) },
    { weight: 1, arbitrary: response },
    { weight: 1, arbitrary: anything },
    {
      weight: 2,
      arbitrary: fc.array(fc.oneof({ weight: 6, arbitrary: odd(era) }, anything, response), { maxLength: 5 })
    }
  )

/** A value as text, with the hostile key that no object literal can hold. */
const write = (json: Json): string => JSON.stringify(json).replaceAll("PROTO", "__proto__")

/** The value with `__proto__` as an own key, as a parser makes it. */
const asParsed = (json: Json): unknown => JSON.parse(write(json))

/** What a peer may send as one message, as text or as bytes that may not even be text. */
export const wire = (era: Era): fc.Arbitrary<string | Uint8Array> =>
  fc.oneof(
    { weight: 12, arbitrary: value(era).map(write) },
    { weight: 6, arbitrary: fc.tuple(value(era), textChange).map(([json, how]) => changeText(write(json), how)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
    { weight: 1, arbitrary: fc.tuple(value(era), fc.nat({ max: 200 }), fc.nat({ max: 255 })).map(flipByte) },
    { weight: 1, arbitrary: fc.oneof({ weight: 19, arbitrary: text }, value(era).map(oversized)) }
  )

/** Seldom made by chance, and refused for its length whatever else it is. */
const oversized = (json: Json): string => write(json) + " ".repeat(maxBytes)

const flipByte = ([json, at, byte]: readonly [Json, number, number]): Uint8Array => {
  const bytes = new TextEncoder().encode(write(json))
  bytes[at % bytes.length] = byte
  return bytes
}

/** One HTTP request; most reach the protocol, some are turned away at the gate. */
export const httpInput = (era: Era, spoken: ReadonlyArray<string> = revisions): fc.Arbitrary<HttpInput> =>
  fc
    .tuple(
      wire(era),
      fc.constantFrom(...spoken),
      headerChanges,
      fc.oneof({ weight: 60, arbitrary: fc.constant("POST") }, fc.constantFrom("PUT", "GET", "DELETE", "OPTIONS")),
      fc.oneof({ weight: 60, arbitrary: fc.constant("/mcp") }, fc.constantFrom("/", "/mcp/", "/mcp?x=1", "/%6dcp"))
    )
    .map(([body, revision, changes, method, path]) => ({
      body,
      headers: headersOf(body, era, revision, changes),
      method,
      path
    }))

const cycle: { self?: unknown } = {}
cycle.self = cycle

/** What no wire can carry, but a transport of objects can. */
const noJson = fc.constantFrom<unknown>(
  undefined,
  Number.NaN,
  1n,
  Symbol.iterator,
  cycle,
  () => 1,
  new Date(0),
  new Map()
)

/** What one peer sends on a duplex transport of objects, in order, and how it answers what it is asked meanwhile. */
export interface Conversation {
  readonly messages: ReadonlyArray<unknown>
  readonly answers: ReadonlyArray<AskAnswer>
}

/** Most begin as a client would. */
export const conversation = (era: Era): fc.Arbitrary<Conversation> =>
  fc.record({
    messages: opened(
      era,
      fc.oneof(
        { weight: 40, arbitrary: value(era).map(asParsed) },
        { weight: 1, arbitrary: noJson },
        { weight: 1, arbitrary: noJson.map((params) => ({ jsonrpc: "2.0", id: 1, method: "tools/list", params })) }
      )
    ),
    answers: askAnswers
  })

/** The same as lines of text, and how many bytes at a time arrive. */
export interface Lines extends Pick<Conversation, "answers"> {
  readonly lines: ReadonlyArray<string | Uint8Array>
  readonly cut: number
}

export const lines = (era: Era): fc.Arbitrary<Lines> =>
  fc.record({
    lines: opened<string | Uint8Array>(era, wire(era), write),
    answers: askAnswers,
    cut: fc.constantFrom(1_000_000, 4_096, 100, 7)
  })

const opened = <A>(
  era: Era,
  one: fc.Arbitrary<A>,
  from: (json: Json) => A = (json) => json as A
): fc.Arbitrary<ReadonlyArray<A>> =>
  fc
    .tuple(
      era === "handshake" ? fc.option(fc.constantFrom(...revisions), { freq: 6 }) : fc.constant(null),
      capabilities,
      fc.array(one, { minLength: 1, maxLength: 12, size: "max" })
    )
    .map(([revision, can, rest]) => (revision === null ? rest : [from(greeting(revision, can)), ...rest]))

/** A good `initialize`. */
export const greeting = (protocolVersion: string, can: Members): Json => ({
  jsonrpc: "2.0",
  id: "greeting",
  method: "initialize",
  params: { protocolVersion, capabilities: can, clientInfo: { name: "fuzz", version: "0" } }
})

/** One HTTP request of a client that shook hands, and the session it names. */
export interface SessionInput extends HttpInput {
  readonly session: "own" | "none" | "another" | "nobody's"
}

/** What one client sends in its session, in order. */
export interface SessionTalk {
  readonly revision: string
  readonly capabilities: Members
  readonly inputs: ReadonlyArray<SessionInput>
  readonly answers: ReadonlyArray<AskAnswer>
}

const named = fc.oneof(
  { weight: 12, arbitrary: fc.constant("own" as const) },
  fc.constantFrom("none", "another", "nobody's")
)

export const sessionTalk: fc.Arbitrary<SessionTalk> = fc.constantFrom(...revisions).chain((revision) =>
  fc.record({
    revision: fc.constant(revision),
    capabilities,
    inputs: fc.array(
      fc.tuple(httpInput("handshake", [revision]), named).map(([input, session]) => ({ ...input, session })),
      { minLength: 1, maxLength: 8, size: "max" }
    ),
    answers: askAnswers
  })
)
