import { beforeEach, describe, expect, it } from "vitest"
import type { TestClient } from "../kit/clients.ts"
import type { AskMethod, Respondent } from "../kit/clients-asked.ts"
import { type Combination, combinations, inCombinations } from "../kit/eras.ts"
import { type AskingCase, failed, type Observed, type Style, styles, text, textsOf } from "./asking-case.ts"
import { cancelling } from "./asking-cancelling.ts"
import { asking } from "./asking-cases.ts"

/** Every transport in both eras; over HTTP, where answers come in requests of their own, with both clients of the handshake. */
const ways = combinations.filter(({ transport, client }) => transport === "http" || client !== "v2-legacy")
const inThisProcess = ways.filter(({ transport }) => transport !== "stdio")

const module = new URL("asking-server.ts", import.meta.url)

/** What the respondent is to answer now, and was asked. */
let script: Map<string, Array<unknown>>
let asked: Array<string>
let instead: Respondent["answer"] | undefined
beforeEach(() => {
  script = new Map()
  asked = []
  instead = undefined
})

const respondent: Respondent = {
  capabilities: { elicitation: { form: {} }, sampling: { tools: {} }, roots: {} },
  answer: (question) => {
    if (instead !== undefined) return instead(question)
    const { method, params } = question
    const { text, topic } = textsOf(method, params)
    asked.push(text)
    const answer = script.get(topic)?.shift()
    if (answer === undefined) throw new Error(`nobody knows what to answer to ${JSON.stringify(text)}`)
    return answer
  }
}

const methods = { tool: "tools/call", "guarded tool": "tools/call", resource: "resources/read", prompt: "prompts/get" }
const asks: ReadonlySet<AskMethod> = new Set(["elicitation/create", "sampling/createMessage", "roots/list"])

let calls = 0

const send = (client: TestClient, { name, place = "tool" }: AskingCase, style: Style, key: string) => {
  switch (place) {
    case "resource":
      return client.read(`asking://${name}/${style}/${key}`)
    case "prompt":
      return client.get(`${name}_${style}`, { key })
    default:
      return client.call(`${name}_${style}`, { key }, { logLevel: "info", onProgress: () => {} })
  }
}

/** One call of a case, whose counts must be what its era asks for, and everything that could be seen of it. */
const observe = async (client: TestClient, one: AskingCase, style: Style): Promise<Observed> => {
  const { answers = {}, rounds, runs = rounds + 1, place = "tool" } = one
  script = new Map(Object.entries(answers).map(([text, given]) => [text, [...given]]))
  asked = []
  const { sent, received } = client.wire
  const [sentBefore, receivedBefore] = [sent.length, received.length]
  client.logs.length = 0
  const key = `${client.at.client}-${++calls}`
  const answer = await send(client, one, style, key)
  const isSessionless = client.at.era === "sessionless"
  const incoming = received.slice(receivedBefore)
  const counts = {
    requests: sent.slice(sentBefore).filter(({ method }) => method === methods[place]).length,
    questions: incoming.filter(({ method }) => asks.has(method)).length
  }
  expect(counts).toStrictEqual(
    isSessionless ? { requests: rounds + 1, questions: 0 } : { requests: 1, questions: asked.length }
  )
  const did = JSON.parse((await client.call("counters", { key }))["content"][0].text)
  expect(did.runs).toBe(isSessionless ? runs : 1)
  return {
    answer: JSON.parse(JSON.stringify(answer).replaceAll(`asking://${one.name}/${style}/${key}`, "…")),
    asked: one.anyOrder === true ? asked.sort() : asked,
    steps: did.steps,
    logs: client.logs.map((params: any) => params.data),
    progress: incoming.filter(({ method }) => method === "notifications/progress").map(({ params }) => params.progress)
  }
}

const nothing: Omit<Observed, "answer"> = { asked: [], steps: {}, logs: [], progress: [] }

describe("the same, as an Effect, a generator and an async function", () => {
  inCombinations(
    ways,
    module,
    (client, at) => {
      for (const one of asking) {
        it(one.title, async () => {
          for (const style of styles) {
            expect(await observe(client(), one, style), style).toEqual({ ...nothing, ...one.expected })
          }
        })
      }

      cancelling((answer) => {
        instead = answer
      })(client, at)
    },
    respondent
  )
})

/** What a client without any capability gets: on 2026-07-28 an error of the protocol's own, before that a result. */
const unsupported = (message: string, requiredCapabilities: object, at: Combination) => {
  const whole = `${message}; this client does not support that here.`
  return at.era === "sessionless"
    ? { error: { code: -32021, message: whole, data: { requiredCapabilities } } }
    : failed(whole)
}

const lacking = [
  ["a form", "confirm", 'The question "Delete it?" needs elicitation', { elicitation: {} }],
  ["the model", "object", "Sampling.object needs the client's model", { sampling: {} }],
  ["the roots", "roots", "Roots.list needs the client's roots", { roots: {} }]
] as const

describe("a client that cannot be asked", () => {
  inCombinations(inThisProcess, module, (client, at) => {
    it("is not asked, which a handler may catch and do without", async () => {
      for (const style of styles) {
        expect(await client().call(`degrading_${style}`, { key: "bare" }), style).toEqual(text("medium"))
      }
    })

    for (const [what, name, message, capabilities] of lacking) {
      it(`hears what ${what} would need, where nobody catches it`, async () => {
        for (const style of styles) {
          const answer = await client().call(`${name}_${style}`, { key: "bare" })
          expect(answer, style).toEqual(unsupported(message, capabilities, at))
        }
      })
    }
  })
})
