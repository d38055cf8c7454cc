import { prompt, resource, serve, server, tool } from "mcpipe"
import * as v from "valibot"
import { expect } from "vitest"
import { leaksOf } from "../bad-input/leaks.ts"
import { send } from "../kit/raw-http.ts"
import { envelope } from "../kit/wire.ts"
import { beginSession } from "../transports/http/resume.property.ts"

/** Names that every object has, or that change what an object is. */
const hostileNames = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "__defineGetter__",
  "toJSON",
  "then"
]

const named = server({ name: "named", version: "1" }).add(
  tool({ name: "anything", input: { value: v.unknown() } }, ({ value }) => typeof value),
  resource({ uri: "thing://{id}", complete: { id: () => ["one"] } }, ({ id }) => id),
  prompt({ name: "plain", args: { text: v.string() } }, ({ text }) => text)
)

const anything = { name: "anything", arguments: { value: 1 } }
const polluted = { polluted: true }
const textual = (text: string) => ({ result: { content: [{ type: "text", text }] } })
const failed = { result: { isError: true } }
const refused = (code: number) => ({ error: { code } })
const thing = { type: "ref/resource", uri: "thing://{id}" }

/** Where a message may hold a name or a text of its client's, written as `HERE`, and what the answer then holds. */
const places: ReadonlyArray<readonly [place: string, message: object, answer?: object]> = [
  ["an argument's member", call({ name: "anything", arguments: { value: { HERE: polluted } } }), textual("object")],
  ["an argument", call({ name: "anything", arguments: { value: 1, HERE: polluted } }), failed],
  ["an argument's text", call({ name: "anything", arguments: { value: "HERE" } }), textual("string")],
  ["a member of _meta", call({ ...anything, _meta: { HERE: polluted } }), textual("number")],
  ["a member of params", call({ ...anything, HERE: polluted }), textual("number")],
  ["a member of the message", { ...call(anything), HERE: polluted }, textual("number")],
  ["a progress token", call({ ...anything, _meta: { progressToken: "HERE" } })],
  ["a state", call({ ...anything, requestState: "HERE" })],
  ["an input response", call({ ...anything, inputResponses: { HERE: polluted } })],
  ["a tool", call({ name: "HERE", arguments: { value: 1 } }), refused(-32602)],
  ["a prompt", { method: "prompts/get", params: { name: "HERE" } }, refused(-32602)],
  ["a prompt's argument", { method: "prompts/get", params: { name: "plain", arguments: { text: "x", HERE: "x" } } }],
  ["a resource", { method: "resources/read", params: { uri: "HERE" } }],
  ["a resource's parameter", { method: "resources/read", params: { uri: "thing://HERE" } }],
  ["a completed argument", complete({ ref: thing, argument: { name: "HERE", value: "x" } })],
  [
    "a kind of reference",
    complete({ ref: { ...thing, type: "HERE" }, argument: { name: "id", value: "x" } }),
    refused(-32602)
  ],
  ["a cursor", { method: "tools/list", params: { cursor: "HERE" } }, refused(-32602)],
  ["a subscription", { method: "resources/subscribe", params: { uri: "HERE" } }],
  ["a log level", { method: "logging/setLevel", params: { level: "HERE" } }],
  ["a method", { method: "HERE" }, refused(-32601)]
]

function call(params: object) {
  return { method: "tools/call", params }
}

function complete(params: object) {
  return { method: "completion/complete", params }
}

/** The headers in which a client gives names. */
const headerNames = ["mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id", "mcp-param-x"]

/** One request, and what its answer holds. */
interface Named {
  readonly title: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly answer: object
}

/** A request for each name at each place. */
const namedRequests = function* (meta: object | undefined, common: Readonly<Record<string, string>>): Generator<Named> {
  for (const name of hostileNames) {
    const write = (
      title: string,
      message: any,
      more: Readonly<Record<string, string>> = {},
      answer: object = {}
    ): Named => {
      const { params = {}, ...rest } = message
      const whole = { id: 1, ...rest, params: { ...params, ...(meta && { _meta: { ...meta, ...params._meta } }) } }
      const at = params.name ?? params.uri
      const own = meta === undefined ? {} : { "mcp-method": rest.method, ...(at !== undefined && { "mcp-name": at }) }
      return {
        title: `${name} as ${title}`,
        body: JSON.stringify({ jsonrpc: "2.0", ...whole }).replaceAll("HERE", name),
        headers: { ...common, ...JSON.parse(JSON.stringify(own).replaceAll("HERE", name)), ...more },
        answer
      }
    }
    for (const [place, message, answer] of places) yield write(place, message, {}, answer)
    yield write("an id", { ...call(anything), id: "HERE" })
    for (const header of headerNames) yield write(`the ${header} header`, call(anything), { [header]: name })
    yield write("the name of a header", call(anything), { [name]: "polluted" })
  }
}

const members = () => Reflect.ownKeys(Object.prototype).map(String).toSorted()

/** Uses each name at each place with clients of both eras; how many requests that were. */
export const useHostileNames = async (): Promise<number> => {
  await using serving = await serve(named, { http: { port: 0 }, signals: false })
  const port = serving.port!
  const before = members()
  const session = await beginSession(serving.url!)
  let made = 0
  for (const [meta, common] of [
    [envelope(), { "mcp-protocol-version": "2026-07-28" }],
    [undefined, session]
  ] as const) {
    for (const { title, body, headers, answer } of namedRequests(meta, common)) {
      const { status, body: text } = await send(port, { headers, body })
      made++
      const said = text.startsWith("event:") ? text.slice(text.indexOf("data: ") + 6) : text
      const told = JSON.parse(said)
      expect([200, 400, 404], title).toContain(status)
      expect(told, `${title}: ${said}`).toMatchObject(answer)
      expect(told.error?.code, `${title}: ${said}`).not.toBe(-32603)
      expect("result" in told, title).toBe(!("error" in told))
      expect(leaksOf(said), title).toEqual([])
    }
  }
  expect(members()).toEqual(before)
  expect(({} as { polluted?: unknown }).polluted).toBe(undefined)
  return made
}
