import fc from "fast-check"
import { envelope } from "../kit/wire.ts"
import { askAnswer } from "./asks.ts"
import { extensionId } from "./fixture.ts"
import { askers, stateOf } from "./states.ts"
import {
  anything,
  capabilities,
  type Era,
  id,
  type Json,
  leaf,
  type Members,
  methods,
  number,
  revisions,
  text,
  uris
} from "./vocabulary.ts"

const numberArgument = fc.oneof({ weight: 3, arbitrary: number as fc.Arbitrary<Json> }, leaf)

const toolArguments: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  add: fc.record({ a: numberArgument, b: numberArgument }),
  profile: fc.record(
    {
      user: fc.record({ name: text, tags: fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }) }),
      age: numberArgument
    },
    { requiredKeys: ["user"] }
  ),
  query: fc.record({ region: text, limit: numberArgument }, { requiredKeys: [] }),
  free: fc.dictionary(text, anything, { maxKeys: 3 }) as fc.Arbitrary<Json>,
  later: fc.record({ text }, { requiredKeys: [] }),
  steps: fc.record({ count: fc.constantFrom(0, 1, 3, 6) }, { requiredKeys: [] }),
  media: fc.constant({}),
  hold: fc.constant({}),
  told: fc.constant({}),
  broken: fc.constant({}),
  ask_name: fc.constant({}),
  ask_all: fc.constant({}),
  ask_twice: fc.constant({})
}

const toolCall = fc
  .constantFrom(...Object.keys(toolArguments))
  .chain((name) => toolArguments[name]!.map((args): Members => ({ name, arguments: args })))

const tampered = ([state, at, what]: readonly [string, number, string]): string => {
  const place = at % (state.length + 1)
  return state.slice(0, place) + what + state.slice(place + 1)
}

/** What comes with the second round of a call: states of ours and of others, answers to what was asked and to what was not. */
const retry = fc.record(
  {
    requestState: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...askers).map(stateOf) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...askers).map(stateOf), fc.nat(), text).map(tampered) },
      { weight: 1, arbitrary: anything }
    ),
    inputResponses: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.dictionary(
          fc.oneof(fc.constantFrom("name", "sure", "said", "roots/list#1", "age", "tags", "topic"), text),
          askAnswer.map((answer): Json => ("result" in answer ? answer["result"]! : null)),
          { maxKeys: 4 }
        ) as fc.Arbitrary<Json>
      },
      { weight: 1, arbitrary: anything }
    )
  },
  { requiredKeys: [] }
) as fc.Arbitrary<Members>

const asking = fc
  .tuple(fc.constantFrom(...askers), retry)
  .map(([name, again]): Members => ({ name, ...(name === "ask_prompt" ? undefined : { arguments: {} }), ...again }))

const cursor = fc.oneof(
  fc.constantFrom("dG9vbHM6MDoy", "dG9vbHM6MToy", "cHJvbXB0czowOjI", "dG9vbHM6MDotMg", "dG9vbHM6MDoxZTk", "===", ""),
  fc.base64String({ maxLength: 24 }),
  text
)

const uri = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...uris) }, text)

const listing = fc.oneof(fc.constant<Members>({}), fc.record({ cursor }))

const goodCompletion = fc.tuple(fc.boolean(), text).map(
  ([ofPrompt, value]): Members => ({
    ref: ofPrompt ? { type: "ref/prompt", name: "review" } : { type: "ref/resource", uri: "tree:///{path*}" },
    argument: { name: ofPrompt ? "style" : "path", value }
  })
)

const completion = fc.oneof(
  goodCompletion,
  fc.record({
    ref: fc.oneof(
      fc.record({ type: fc.constant("ref/prompt"), name: fc.oneof(fc.constantFrom("review", "plain"), text) }),
      fc.record({ type: fc.constant("ref/resource"), uri })
    ),
    argument: fc.record({ name: fc.oneof(fc.constantFrom("style", "code", "path", "id"), text), value: text }),
    context: fc.record({ arguments: fc.dictionary(text, text, { maxKeys: 2 }) })
  })
)

const initialize = fc.record({
  protocolVersion: fc.oneof(fc.constantFrom<string>(...revisions, "2026-07-28", "1999-01-01"), text),
  capabilities,
  clientInfo: fc.constant({ name: "fuzz", version: "0" })
})

const params: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  initialize,
  "tools/list": listing,
  "resources/list": listing,
  "resources/templates/list": listing,
  "prompts/list": listing,
  "tools/call": fc.oneof({ weight: 5, arbitrary: toolCall }, { weight: 1, arbitrary: asking }),
  "resources/read": fc.record({ uri }),
  "prompts/get": fc.oneof(
    fc.record({
      name: fc.constant("review"),
      arguments: fc.record({ code: text, style: fc.constantFrom("short", "x") })
    }),
    fc.record({ name: fc.oneof(fc.constantFrom("plain", "broken_prompt"), text) }),
    asking
  ),
  "completion/complete": completion,
  "resources/subscribe": fc.record({ uri }),
  "resources/unsubscribe": fc.record({ uri }),
  "subscriptions/listen": fc.record({
    notifications: fc.oneof(
      fc.record(
        { toolsListChanged: leaf, resourceSubscriptions: fc.oneof(fc.array(uri, { maxLength: 3 }), anything) },
        { requiredKeys: [] }
      ),
      anything
    )
  }) as fc.Arbitrary<Json>,
  "logging/setLevel": fc.record({ level: fc.oneof(fc.constantFrom("debug", "error", "emergency"), text) }),
  "find/things": fc.record({ query: text }),
  "notifications/cancelled": fc.record({ requestId: id }),
  "notifications/progress": fc.record({ progressToken: id, progress: number })
}

const weighted = [
  ...methods,
  ...Array<string>(12).fill("tools/call"),
  ...Array<string>(4).fill("resources/read"),
  ...Array<string>(2).fill("completion/complete")
]

const progressToken = fc.record({ progressToken: fc.oneof(id, text) }, { requiredKeys: [] })

const logLevel = fc.record(
  { "io.modelcontextprotocol/logLevel": fc.oneof(fc.constantFrom("debug", "error"), text) },
  { requiredKeys: [] }
)

const unserved = fc.record({
  "io.modelcontextprotocol/protocolVersion": fc.constantFrom("2030-01-01", "2025-11-25", "__proto__")
})

const metaOf = (era: Era): fc.Arbitrary<Members> =>
  era === "handshake"
    ? (progressToken as fc.Arbitrary<Members>)
    : fc
        .tuple(
          progressToken,
          fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, logLevel, unserved),
          fc.boolean(),
          capabilities
        )
        .map(([token, level, declares, can]) => ({
          ...(envelope(declares ? { ...can, extensions: { [extensionId]: {} } } : can) as Members),
          ...token,
          ...level
        }))

/** A message that is as good as its arguments are. */
export const message = (era: Era): fc.Arbitrary<Members> =>
  fc.constantFrom(...weighted).chain((method) =>
    fc.tuple(id, params[method] ?? fc.constant<Json>({}), metaOf(era)).map(([own, given, _meta]) => ({
      jsonrpc: "2.0",
      ...(method.startsWith("notifications/") ? undefined : { id: own }),
      method,
      params: { ...(given as Members), ...(Object.keys(_meta).length === 0 ? undefined : { _meta }) }
    }))
  )
