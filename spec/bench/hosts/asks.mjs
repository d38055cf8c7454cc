// A conversation of one call that asks three things, one after another, turn by turn: four wire requests, then the next one.
// A subject is a function that makes one turn. The floor is what authors write without a framework: guards, and a sealed state.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { askMessage, askQuestions } from "../workload.mjs"

const converse = (connect) => async () => {
  let heard
  let waiting
  const hear = (message) => {
    heard = message
    waiting()
  }
  const send = await connect(hear)
  let id = 0
  const request = (more) =>
    new Promise((resolve) => {
      waiting = () => resolve(heard.result)
      send(askMessage(++id, more))
    })
  let last
  let turns = 0
  const turn = async () => {
    if (last === undefined) last = await request({})
    else {
      const { inputRequests, requestState } = last
      const inputResponses = {}
      for (const key of Object.keys(inputRequests)) {
        inputResponses[key] = { action: "accept", content: { value: inputRequests[key].params.message } }
      }
      last = await request({ inputResponses, requestState })
    }
    turns++
    if (last.resultType !== "complete") return undefined
    const { text } = last.content[0]
    if (text !== askQuestions.join(" ") || turns !== 4) throw new Error(`Wrong answer after ${turns} turns: ${text}`)
    last = undefined
    turns = 0
    return text
  }
  const check = async () => {
    for (;;) {
      const text = await turn()
      if (text !== undefined) return text
    }
  }
  return Object.assign(turn, { check })
}

const overTransport = (name) =>
  converse(async (hear) => {
    const { serve } = await import("mcpipe")
    const { askers } = await import("../servers/mcpipe-asks.mjs")
    const transport = { start: async () => {}, close: async () => {}, send: async (message) => hear(message) }
    await serve(askers[name], { transport })
    return (message) => transport.onmessage(message)
  })

const key = randomBytes(32)

const seal = (state) => {
  const iv = randomBytes(12)
  const cipher = createCipheriv("aes-256-gcm", key, iv)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(state)), cipher.final(), cipher.getAuthTag()])
  return Buffer.concat([iv, sealed]).toString("base64url")
}

const open = (text) => {
  const bytes = Buffer.from(text, "base64url")
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16))
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString())
}

const byHand = ({ id, params }) => {
  const answers = params.requestState === undefined ? [] : open(params.requestState)
  const given = params.inputResponses?.answer
  if (given !== undefined) answers.push(given.content.value)
  if (answers.length === 3) {
    return {
      jsonrpc: "2.0",
      id,
      result: { resultType: "complete", content: [{ type: "text", text: answers.join(" ") }] }
    }
  }
  const requestedSchema = { type: "object", properties: { value: { type: "string" } }, required: ["value"] }
  const ask = { mode: "form", message: askQuestions[answers.length], requestedSchema }
  const inputRequests = { answer: { method: "elicitation/create", params: ask } }
  return { jsonrpc: "2.0", id, result: { resultType: "input_required", inputRequests, requestState: seal(answers) } }
}

export const subjects = {
  floor: converse((hear) => (message) => hear(byHand(structuredClone(message)))),
  "mcpipe, generator": overTransport("generator"),
  "mcpipe, async": overTransport("async"),
  "mcpipe, form constants": overTransport("constants")
}
