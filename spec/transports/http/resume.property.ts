import { request } from "node:http"
import { ClientLog, Effect, serve, server, tool } from "mcpipe"
import * as fc from "fast-check"
import * as v from "valibot"
import { expect } from "vitest"

/** Logs 1 … n, each with a text of its own length, in turns of their own, and answers. */
const emit = tool({ name: "emit", input: { n: v.number(), seed: v.number() } }, ({ n, seed }) =>
  Effect.as(
    Effect.forEach(
      Array.from({ length: n }, (_, at) => at + 1),
      (at) =>
        Effect.andThen(
          Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve))),
          ClientLog.info(textOf(seed, at))
        )
    ),
    `${seed}: ${n}`
  )
)

/** Some of several bytes a character, so that a cut can go through one. */
const textOf = (seed: number, at: number): string => `${seed}/${at} ${"é€😀x".repeat((seed * 7 + at * 13) % 40)}`

export const emitting = () =>
  serve(server({ name: "emitting", version: "1" }).tool(emit), { http: { port: 0 }, signals: false })

type Headers = Readonly<Record<string, string>>

/** Sends a request, reads so many bytes of the answer, and breaks the connection off; all of it where that are fewer. */
const readSome = (url: string, method: string, headers: Headers, body: unknown, most: number) =>
  new Promise<{ readonly status: number; readonly bytes: Buffer; readonly headers: Headers }>((resolve, reject) => {
    const sent = request(url, {
      method,
      agent: false,
      headers: { accept: "application/json, text/event-stream", ...headers }
    })
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET") reject(error)
    })
    sent.on("response", (response) => {
      const chunks: Array<Buffer> = []
      let size = 0
      const done = () =>
        resolve({
          status: response.statusCode!,
          bytes: Buffer.concat(chunks),
          headers: response.headers as Headers
        })
      response.on("error", () => {})
      response.on("end", done)
      response.on("data", (chunk: Buffer) => {
        if (size >= most) return
        chunks.push(chunk.subarray(0, most - size))
        size += chunk.length
        if (size < most) return
        sent.destroy()
        done()
      })
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })

/** The messages and the last id of all events that came whole. */
const readEvents = (bytes: Buffer) => {
  const messages: Array<any> = []
  let lastId: string | undefined
  const text = bytes.toString()
  for (const event of text.slice(0, text.lastIndexOf("\n\n") + 2).split("\n\n")) {
    const found = /^(?:event: message\n)?id: (\S+)\ndata: (.*)$/.exec(event)
    if (found === null) continue
    lastId = found[1]
    if (found[2] !== "") messages.push(JSON.parse(found[2]!))
  }
  return { messages, lastId }
}

const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "cutter", version: "1" } }
}

export const beginSession = async (url: string): Promise<Headers> => {
  const { headers } = await readSome(url, "POST", { "content-type": "application/json" }, initialize, 1e9)
  return { "mcp-session-id": headers["mcp-session-id"]!, "mcp-protocol-version": "2025-11-25" }
}

/** Makes a call whose connection breaks off after each of these numbers of bytes, and comes back each time; all it was told. */
export const callWithCuts = async (
  url: string,
  session: Headers,
  id: number,
  n: number,
  cuts: ReadonlyArray<number>
) => {
  const params = { name: "emit", arguments: { n, seed: id } }
  const call = { jsonrpc: "2.0", id, method: "tools/call", params }
  const told: Array<any> = []
  const left = [...cuts]
  let read = readEvents(
    // without the first event there is nothing to come back to
    (await readSome(url, "POST", { ...session, "content-type": "application/json" }, call, 40 + (left.shift() ?? 1e9)))
      .bytes
  )
  told.push(...read.messages)
  let lastId = read.lastId!
  while (told.at(-1)?.id !== id) {
    const headers = { ...session, accept: "text/event-stream", "last-event-id": lastId }
    const { status, bytes } = await readSome(url, "GET", headers, undefined, left.shift() ?? 1e9)
    if (status !== 200) throw new Error(`${lastId}: ${status} ${bytes}`)
    read = readEvents(bytes)
    told.push(...read.messages)
    lastId = read.lastId ?? lastId
  }
  return told
}

export const expected = (id: number, n: number) => [
  ...Array.from({ length: n }, (_, at) => ({
    jsonrpc: "2.0",
    method: "notifications/message",
    params: { level: "info", data: textOf(id, at + 1) }
  })),
  { jsonrpc: "2.0", id, result: { content: [{ type: "text", text: `${id}: ${n}` }] } }
]

/** Nothing is lost, doubled or another stream's, wherever connections break off. */
export const resumes = async (runs: number): Promise<void> => {
  await using serving = await emitting()
  const url = serving.url!
  const stream = fc.record({ n: fc.integer({ min: 1, max: 40 }), cuts: fc.array(fc.nat(2_000), { maxLength: 20 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 5 }), async (streams) => {
      const session = await beginSession(url)
      const told = await Promise.all(streams.map(({ n, cuts }, id) => callWithCuts(url, session, id + 1, n, cuts)))
      expect(told).toStrictEqual(streams.map(({ n }, id) => expected(id + 1, n)))
    }),
    { numRuns: runs }
  )
}

/** So many streams of as many sessions at once, each cut so many times at any byte. */
export const manyResume = async (streams: number, cuts: number): Promise<void> => {
  await using serving = await emitting()
  const url = serving.url!
  const one = async (id: number) => {
    const session = await beginSession(url)
    const at = fc.sample(fc.nat(1_500), cuts)
    expect(await callWithCuts(url, session, id, 100, at)).toStrictEqual(expected(id, 100))
  }
  await Promise.all(Array.from({ length: streams }, (_, at) => one(at + 1)))
}
