import assert from "node:assert/strict"
import { type FetchHandler, toFetchHandler } from "mcpipe"
import { acknowledged, checkAnswer, checkAsk, checkNotification, isAsk, isNotification } from "./answers.ts"
import { greeting, type HttpInput, type SessionInput, type SessionTalk } from "./arbitraries.ts"
import { readMessages } from "./events.ts"
import { fixture } from "./fixture.ts"
import { type Due, dueFor, keyOf, readable } from "./oracle.ts"
import { answered, send, survives } from "./property-http.ts"
import { bytesOf, maxBytes, unharmed } from "./property.ts"
import { keys } from "./states.ts"

type Headers = Readonly<Record<string, string>>

/** Every status that a session may answer with. */
const statuses = [200, 202, 400, 403, 404, 405, 406, 409, 413, 415]

/** A fetch handler, and the check of all that one client sends in a session of its own. */
export const overSessions = () => {
  const handler = toFetchHandler(fixture, { maxBodyBytes: maxBytes, ...keys })
  /** How many requests the talk made. */
  const check = async (talk: SessionTalk): Promise<number> => {
    const own = await begin(handler, talk)
    const another = await begin(handler, { ...talk, capabilities: {} })
    const client: Client = { handler, talk, own, another, answers: 0, ended: false }
    for (const input of talk.inputs) await exchange(client, input)
    const still = await post(handler, sessionHeaders(talk, own), { jsonrpc: "2.0", id: "last", method: "ping" })
    assert.equal(still.status, client.ended ? 404 : 200, "a session lives until its client ends it")
    await still.text()
    await end(handler, talk, another)
    if (!client.ended) await end(handler, talk, own)
    unharmed()
    return talk.inputs.length
  }
  return { check, survives: () => survives(handler), dispose: handler.dispose }
}

interface Client {
  readonly handler: FetchHandler
  readonly talk: SessionTalk
  /** The id of its session, and of one that another client began. */
  readonly own: string
  readonly another: string
  /** How many questions were answered, or not. */
  answers: number
  ended: boolean
}

const post = (handler: FetchHandler, headers: Headers, message: object): Promise<Response> =>
  send(handler, { method: "POST", path: "/mcp", headers, body: JSON.stringify(message) })

const plain = { "content-type": "application/json", accept: "application/json, text/event-stream" }

const sessionHeaders = ({ revision }: SessionTalk, id: string): Headers => ({
  ...plain,
  "mcp-protocol-version": revision,
  "mcp-session-id": id
})

const begin = async (handler: FetchHandler, { revision, capabilities }: SessionTalk): Promise<string> => {
  const response = await post(handler, plain, greeting(revision, capabilities) as object)
  await response.text()
  const id = response.headers.get("mcp-session-id")
  assert.ok(id !== null, "a good initialize begins a session")
  return id
}

const end = async (handler: FetchHandler, talk: SessionTalk, id: string): Promise<void> => {
  const response = await send(handler, {
    method: "DELETE",
    path: "/mcp",
    headers: sessionHeaders(talk, id),
    body: ""
  })
  await response.text()
}

/** Makes one request, answers what it asks, and looks at all that comes back. */
const exchange = async (client: Client, input: SessionInput): Promise<void> => {
  const { handler, own } = client
  const headers: Headers = { ...input.headers, ...sessionNamed(client, input) }
  const response = await send(handler, { ...input, headers })
  assert.ok(statuses.includes(response.status), `${response.status} is a status of ours`)
  if (input.method === "GET" && response.headers.get("content-type") === "text/event-stream") {
    await response.body!.cancel()
    return
  }
  const due = dueOf(input)
  const answers: Array<any> = []
  const asked: Array<any> = []
  let cancelled = false
  const heard = (message: any): void => {
    if (isAsk(message)) {
      checkAsk(message)
      asked.push(message)
    } else if (isNotification(message)) {
      checkNotification(message)
      if (acknowledged(message) !== undefined) answers.push(undefined)
    } else answers.push(message)
  }
  const reply = async () => {
    for (const { id } of asked.splice(0)) {
      cancelled = (await replyTo(client, headers["mcp-session-id"]!, id, due)) || cancelled
    }
  }
  let replying = Promise.resolve()
  await answered(readMessages(response, heard), () => {
    if (asked.length > 0) replying = replying.then(reply)
  })
  await replying
  if (input.method === "DELETE" && response.status < 300 && headers["mcp-session-id"] === own) client.ended = true
  checkAnswers(answers, due, response.status, cancelled)
}

const sessionNamed = ({ own, another }: Client, { headers, session }: SessionInput): Headers => {
  // a change of the header counts for more
  if (headers["mcp-session-id"] !== undefined || session === "none") return {}
  return { "mcp-session-id": session === "own" ? own : session === "another" ? another : "nobody-began-this" }
}

const dueOf = ({ body, method }: HttpInput): Due | undefined => {
  const read = method === "POST" ? readable(bytesOf(body)) : undefined
  return read === undefined || Array.isArray(read.value) ? undefined : dueFor(read.value)
}

/** Answers one question in its session; cancels the call that asks where there is no answer, or none that can be read. */
const replyTo = async (client: Client, session: string, id: string, due: Due | undefined): Promise<boolean> => {
  const { talk, handler } = client
  const say = async (message: object): Promise<number> => {
    const response = await post(handler, sessionHeaders(talk, session), { jsonrpc: "2.0", ...message })
    await response.text()
    return response.status
  }
  const answer = talk.answers[client.answers++ % talk.answers.length]!
  assert.ok(client.answers < 100, "questions come to an end")
  if (answer !== "silent") {
    const status = await say({ id, ...answer })
    if (status === 202) return false
    assert.equal(status, 400, "a response is taken or refused")
  }
  if (due?.type !== "answer" || due.id === undefined) {
    await say({ id, error: { code: 1, message: "no answer" } })
    return false
  }
  assert.equal(await say({ method: "notifications/cancelled", params: { requestId: due.id } }), 202)
  return true
}

const checkAnswers = (answers: ReadonlyArray<any>, due: Due | undefined, status: number, cancelled: boolean): void => {
  for (const answer of answers.flat()) if (answer !== undefined) checkAnswer(answer, ["handshake", "sessionless"])
  if (due?.type !== "answer" || due.request === undefined) {
    assert.ok(answers.length <= 1, "one request has one answer")
    return
  }
  assert.ok(
    answers.length === 1 || (cancelled && answers.length === 0),
    `${status} has one answer, not ${answers.length}`
  )
  const [answer] = answers
  if (answer === undefined) return
  // what is turned away at the gate was not read
  const unread = status >= 400 && !("id" in answer)
  assert.ok(unread || keyOf(answer.id) === keyOf(due.id), "the id comes back as it was")
}
