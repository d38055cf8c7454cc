/** Serves one HTTP request. */
export interface Handler {
  (request: Request): Promise<Response>
  readonly dispose: () => Promise<void>
}

/** One HTTP request, and what it is called in the table. */
export interface Exchange {
  /** What is sent, such as `tools/call add`. */
  readonly what: string
  /** How it differs from a good one; `as it should be` where it does not. */
  readonly change: string
  /** In `session` the request belongs to a session that was begun before. */
  readonly era: "sessionless" | "stateless" | "session"
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
}

/** What came back, as far as it is compared. */
export interface Outcome {
  /** The status, and the error code or that there is a result: `200 result`, `400 -32600`, `202 nothing`. */
  readonly verdict: string
  /** Whether the answer carries the id of the request, none, or null. */
  readonly id: string
  /** The members of the result or of the error's data, and the values of those that say what kind of result it is. */
  readonly keys: string
  /** The methods of what came before the answer. */
  readonly before: string
}

const openSession = async (handler: Handler): Promise<string> => {
  const request = (message: object, more: Record<string, string> = {}) =>
    handler(
      new Request("http://localhost/mcp", {
        method: "POST",
        headers: { ...plainHeaders, ...more },
        body: JSON.stringify({ jsonrpc: "2.0", ...message })
      })
    )
  const clientInfo = { name: "compare", version: "1" }
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo }
  const response = await request({ id: 0, method: "initialize", params })
  await response.text()
  const id = response.headers.get("mcp-session-id")!
  await request({ method: "notifications/initialized" }, { "mcp-session-id": id })
  return id
}

/** The headers that every POST has. */
export const plainHeaders: Readonly<Record<string, string>> = {
  host: "localhost",
  "content-type": "application/json",
  accept: "application/json, text/event-stream"
}

/** Ids of two sessions of a handler, by the words that stand for them in headers. */
export type Live = Readonly<Record<string, string>>

/** Begins the sessions that exchanges of `session` belong to. */
export const openSessions = async (handler: Handler): Promise<Live> => ({
  LIVE: await openSession(handler),
  SECOND: await openSession(handler)
})

/** Sends it, with the ids of sessions where they belong. */
export const perform = async (handler: Handler, exchange: Exchange, live: Live): Promise<Outcome> => {
  const { method, body, headers } = exchange
  const sent = Object.entries(headers).map(([name, value]): [string, string] => [name, live[value] ?? value])
  const response = await handler(
    new Request("http://localhost/mcp", {
      method,
      headers: sent,
      ...(body !== undefined && { body: body as BodyInit })
    })
  )
  return outcomeOf(response, await messagesOf(response, method), idOf(body))
}

const messagesOf = async (response: Response, method: string): Promise<ReadonlyArray<any>> => {
  const events = response.headers.get("content-type")?.startsWith("text/event-stream")
  if (method === "GET" && events) {
    // stays open until somebody closes it
    await response.body?.cancel()
    return []
  }
  const text = events ? await eventsOf(response) : await response.text()
  if (text === "") return []
  const data = events ? [...text.matchAll(/^data: (.+)$/gm)].map(([, json]) => json!) : [text]
  return data.flatMap((json) => JSON.parse(json))
}

/** All of them, or up to where somebody begins to listen for ever. */
const eventsOf = async (response: Response): Promise<string> => {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += value
    if (/"notifications\/subscriptions\/acknowledged".*\n\n/.test(text)) {
      await reader.cancel()
      return text
    }
  }
}

const outcomeOf = ({ status }: Response, messages: ReadonlyArray<any>, id: unknown): Outcome => {
  const answers = messages.filter(({ method }) => method === undefined)
  const before = messages.filter(({ method }) => method !== undefined).map(({ method }) => method)
  const each = (say: (answer: any) => string) => answers.map(say).join(" & ")
  return {
    verdict: `${status} ${each(({ error }) => (error === undefined ? "result" : String(error.code))) || "nothing"}`,
    id: each((answer) => (!("id" in answer) ? "none" : answer.id === id ? "same" : JSON.stringify(answer.id))),
    keys: each(keysOf),
    before: before.join(" ")
  }
}

const keysOf = ({ result, error }: any): string => {
  if (error !== undefined)
    return Object.keys(error.data ?? {})
      .sort()
      .join()
  const telling = ["isError", "resultType", "cacheScope", "protocolVersion"]
  return Object.keys(result)
    .sort()
    .map((key) => (telling.includes(key) ? `${key}=${result[key]}` : key))
    .join()
}

const idOf = (body: Exchange["body"]): unknown => {
  try {
    return JSON.parse(String(body)).id
  } catch {
    return undefined
  }
}
