import assert from "node:assert/strict"
import { type FetchHandler, toFetchHandler } from "mcpipe"
import { acknowledged, checkAnswer, checkNotification } from "./answers.ts"
import type { Era, HttpInput } from "./arbitraries.ts"
import { readMessages } from "./events.ts"
import { fixture, held } from "./fixture.ts"
import { type Due, dueFor, errorPairs, keyOf, readable } from "./oracle.ts"
import { bytesOf, goodCall, isSum, maxBytes, patience, turn, unharmed } from "./property.ts"
import { keys } from "./states.ts"
import { revisions } from "./vocabulary.ts"

/** Sends one HTTP request, and lets held calls go until there is a response. */
export const send = (handler: FetchHandler, { body, headers, method, path }: HttpInput): Promise<Response> => {
  const sent = method === "GET" ? undefined : (bytesOf(body) as BodyInit)
  return answered(handler(new Request(`http://localhost${path}`, { method, headers, ...(sent && { body: sent }) })))
}

/** Fails unless a good call still succeeds, whatever came before it. */
export const survives = async (handler: FetchHandler): Promise<void> => {
  const headers = {
    "content-type": "application/json",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "add"
  }
  const good = { body: JSON.stringify(goodCall("good")), headers, method: "POST", path: "/mcp" }
  assert.ok(isSum(await (await send(handler, good)).json()), "a good call still succeeds")
  unharmed()
}

/** A fetch handler, and the check that one request to it is answered once and well. */
export const overHttp = () => {
  const handler = toFetchHandler(fixture, { maxBodyBytes: maxBytes, ...keys })
  /** The code and the status of the answer. */
  const check = async (input: HttpInput): Promise<string> => {
    const response = await send(handler, input)
    const messages: Array<unknown> = []
    await answered(readMessages(response, (message) => void messages.push(message)))
    const answer = checkExchange(input, response.status, messages)
    unharmed()
    return answer
  }
  return { check, survives: () => survives(handler), dispose: handler.dispose }
}

/** Lets held calls go until the promise settles. */
export const answered = async <A>(promise: Promise<A>, meanwhile: () => void = () => {}): Promise<A> => {
  let open = true
  const done = promise.finally(() => {
    open = false
  })
  for (let turns = 0; open; turns++) {
    assert.ok(turns < patience, "every request is answered")
    await turn()
    held.release()
    meanwhile()
  }
  return done
}

/** How the gate turns requests away, before their bodies are read. */
export const gateStatuses = [403, 404, 405, 406, 413, 415]

const checkExchange = (input: HttpInput, status: number, messages: ReadonlyArray<unknown>): string => {
  const { headers, method } = input
  const read = readable(bytesOf(input.body))
  if (messages.length === 1 && acknowledged(messages[0]) !== undefined) {
    checkNotification(messages[0])
    const due = dueFor(read?.value)
    assert.ok(due.type === "answer" && due.request?.method === "subscriptions/listen", "who listens asked for it")
    assert.equal(keyOf(acknowledged(messages[0])), keyOf(due.id), "a stream tells the id of who listens")
    return `listening ${status}`
  }
  for (const notification of messages.slice(0, -1)) checkNotification(notification)
  const answer = messages.at(-1) as any
  // without a session there is nothing that DELETE could end, or GET could hear
  const statuses = method === "POST" ? gateStatuses : [...gateStatuses, 400]
  if (statuses.includes(status) && answer?.error?.code === -32600) {
    assert.ok(mayBeTurnedAway(input), `an untouched head passes the gate, not ${status}`)
    const due = dueFor(read?.value)
    const cannotListen = status === 406 && due.type === "answer" && due.request?.method === "subscriptions/listen"
    if (cannotListen && "id" in answer) assert.equal(keyOf(answer.id), keyOf(due.id), "the id comes back as it was")
    else assert.ok(!("id" in answer) || headers["mcp-session-id"] !== undefined, "what is turned away was not read")
    checkAnswer(answer, ["sessionless"])
    return `${answer.error.code} ${status}`
  }
  const header = input.headers["mcp-protocol-version"]?.trim()
  const sessionless = header !== undefined && /^\d{4}-\d\d-\d\d$/.test(header) && header >= "2026-07-28"
  const eraOf = (due: Due): Era =>
    sessionless || (due.type === "answer" && due.request?.claims) ? "sessionless" : "handshake"
  const batch = read !== undefined && Array.isArray(read.value) ? (read.value as ReadonlyArray<unknown>) : undefined
  if (header !== undefined && !served.includes(header) && read !== undefined && dueFor(read.value).type === "nothing") {
    checkMisplaced(status, answer)
  } else if (read !== undefined && batch === undefined) {
    checkHttpAnswer(dueFor(read.value), eraOf(dueFor(read.value)), status, answer)
  } else if (batch !== undefined && batch.length > 0 && (header ?? "2025-03-26") === "2025-03-26") {
    const dues = batch.map(dueFor).filter(({ type }) => type !== "nothing")
    assert.equal(status, dues.length === 0 ? 202 : 200, "a batch answers 200, or 202 where nothing is to be said")
    const answers: ReadonlyArray<unknown> = dues.length === 0 ? [] : answer
    assert.equal(answers.length, dues.length, "each request of a batch has one answer")
    for (const [at, due] of dues.entries()) checkHttpAnswer(due, eraOf(due), undefined, answers[at])
  } else {
    checkHttpAnswer({ type: "answer", id: undefined, request: undefined }, eraOf({ type: "nothing" }), status, answer)
  }
  const what = Array.isArray(answer) ? "batch" : answer?.result === undefined ? answer?.error.code : "result"
  return `${what ?? "nothing"} ${status}`
}

/** No session was begun, so each that is named is unknown. */
const mayBeTurnedAway = ({ body, headers, method, path }: HttpInput): boolean =>
  headers["mcp-session-id"] !== undefined ||
  method !== "POST" ||
  path !== "/mcp" ||
  headers["content-type"] !== "application/json" ||
  headers["accept"] !== "application/json, text/event-stream" ||
  ["content-encoding", "content-length", "host", "origin"].some((name) => headers[name] !== undefined) ||
  bytesOf(body).length > maxBytes

const served: ReadonlyArray<string> = [...revisions, "2026-07-28"]

/** A notification of a revision that nobody serves is refused by the status, and by an error that answers nothing. */
const checkMisplaced = (status: number, answer: any): void => {
  checkAnswer(answer, ["handshake", "sessionless"])
  assert.equal(status, 400)
  assert.ok(!("id" in answer), "a notification has no id")
}

const checkHttpAnswer = (due: Due, era: Era, status: number | undefined, answer: any): void => {
  if (due.type === "nothing") {
    assert.equal(answer, undefined, "a notification has no answer")
    assert.equal(status, 202)
    return
  }
  checkAnswer(answer, [era])
  const id = due.type === "answer" ? due.id : undefined
  assert.equal(keyOf(answer.id), keyOf(id), "the id comes back as it was")
  assert.ok(
    "result" in answer ? due.type === "answer" && due.request !== undefined : true,
    "only requests have results"
  )
  if (status === undefined) return
  const pair = `${answer.error?.code} ${status}`
  assert.ok("result" in answer ? status === 200 : errorPairs[era].has(pair), `${pair} is an answer of the ${era} era`)
}
