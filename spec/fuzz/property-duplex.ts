import assert from "node:assert/strict"
import { PassThrough } from "node:stream"
import { type App, type MessageTransport, serve } from "mcpipe"
import { checkAsk, isAsk } from "./answers.ts"
import type { Conversation, Lines } from "./arbitraries.ts"
import type { AskAnswer } from "./asks.ts"
import { held } from "./fixture.ts"
import { Ledger } from "./ledger.ts"
import { readable } from "./oracle.ts"
import { bytesOf, goodCall, isSum, maxBytes, patience, turn, unharmed } from "./property.ts"

/** One peer and what it has heard so far. */
interface Talk {
  readonly ledger: Ledger
  /** What was wrong with messages as they came. */
  readonly faults: Array<unknown>
  /** Sends one message. */
  readonly send: (message: object) => void
  /** What was asked and is to be answered yet, and how. */
  readonly asked: Array<any>
  readonly answers: ReadonlyArray<AskAnswer>
  answered: number
  /** How much was asked that is never answered. */
  silent: number
  /** Whether the good call was answered. */
  good: boolean
  readonly close: () => Promise<void>
}

const talkOf = (given: Pick<Talk, "send" | "answers" | "close">): Talk => ({
  ledger: new Ledger(),
  faults: [],
  asked: [],
  answered: 0,
  silent: 0,
  good: false,
  ...given
})

/** Takes one message that the server sent. */
const hear = (talk: Talk, message: any): void => {
  if (message?.id === "after") {
    talk.good = isSum(message)
    return
  }
  try {
    if (isAsk(message)) {
      checkAsk(message)
      talk.asked.push(message)
    } else {
      talk.ledger.hear(message)
    }
  } catch (fault) {
    talk.faults.push(fault)
  }
}

/** More questions than this in one conversation would never end. */
const mostAsks = 200

const answerAsks = (talk: Talk): void => {
  for (const { id } of talk.asked.splice(0)) {
    const answer = talk.answers[talk.answered++ % talk.answers.length]!
    assert.ok(talk.answered < mostAsks, "questions come to an end")
    if (answer === "silent") {
      talk.silent++
      continue
    }
    const response = { jsonrpc: "2.0", id, ...answer }
    const sent = asSent(response)
    // an answer that cannot be read is refused like any message, and answers nothing
    if (sent === undefined) talk.silent++
    talk.ledger.send(sent)
    talk.send(response)
  }
}

/** Waits for everything but held calls, makes a good call, and lets go of held ones: by hand, or by closing. */
const finish = async (talk: Talk, byHand: boolean): Promise<void> => {
  const { ledger, faults } = talk
  const until = async (done: () => boolean, what: () => string) => {
    for (let turns = 0; !done(); turns++) {
      if (faults.length > 0) throw faults[0]
      assert.ok(turns < patience, what())
      await turn()
      answerAsks(talk)
      if (ledger.batched) held.release()
    }
  }
  const waiting = () => held.count() + talk.silent
  try {
    await until(
      () => talk.asked.length === 0 && ledger.missing() <= waiting(),
      () =>
        `every request is answered: ${ledger.missing()} are not, ${held.count()} are held, ${talk.silent} ask in vain`
    )
    talk.send(goodCall("after"))
    await until(
      () => talk.good,
      () => "a good call still succeeds"
    )
    if (byHand) held.release()
  } finally {
    await talk.close()
    await turn()
  }
  if (faults.length > 0) throw faults[0]
  ledger.close()
  assert.equal(held.count(), 0, "no call outlives its connection")
  unharmed()
}

/** Checks one conversation over a transport of message objects; resolves to how many messages it had. */
export const overMessages = async (app: App, { messages, answers }: Conversation): Promise<number> => {
  const transport: MessageTransport = {
    start: async () => {},
    send: async (message) => hear(talk, message),
    close: async () => {}
  }
  const serving = await serve(app, { transport, signals: false, gracePeriod: 0 })
  const talk = talkOf({ send: (message) => transport.onmessage!(message), answers, close: serving.close })
  for (const message of messages) {
    if (!talk.ledger.send(asSent(message))) break
    transport.onmessage!(message)
  }
  await finish(talk, messages.length % 2 === 0)
  return messages.length
}

/** As it would be after a wire; what no wire can carry, or only a deeper one, is no message. */
const asSent = (message: unknown): unknown => {
  try {
    const sent = JSON.stringify(message)
    return sent === undefined ? undefined : readable(bytesOf(sent))?.value
  } catch {
    return undefined
  }
}

/** Checks lines of text over two streams, a few bytes at a time; resolves to how many lines there were. */
export const overStreams = async (app: App, { lines, cut, answers }: Lines): Promise<number> => {
  const input = new PassThrough()
  const output = new PassThrough()
  const stdio = { input, output, maxLineBytes: maxBytes }
  const serving = await serve(app, { stdio, signals: false, gracePeriod: 0 })
  const send = (message: object) => void input.write(`${JSON.stringify(message)}\n`)
  const talk = talkOf({ send, answers, close: serving.close })
  const sent: Array<Uint8Array> = []
  for (const line of lines.flatMap((text) => splitLines(bytesOf(text)))) {
    if (!note(talk.ledger, line)) break
    sent.push(line, Uint8Array.of(0x0a))
  }
  let rest = ""
  output.setEncoding("utf8").on("data", (text: string) => {
    const whole = (rest + text).split("\n")
    rest = whole.pop()!
    for (const line of whole) hear(talk, parsed(line))
  })
  const bytes = Buffer.concat(sent)
  const step = Math.max(cut, Math.ceil(bytes.length / 500))
  for (let at = 0; at < bytes.length; at += step) input.write(bytes.subarray(at, at + step))
  await finish(talk, lines.length % 2 === 0)
  assert.equal(rest, "", "every answer is a whole line")
  return lines.length
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return `no JSON: ${line}`
  }
}

const splitLines = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const lines: Array<Uint8Array> = []
  let start = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return [...lines, bytes.subarray(start)]
}

const note = (ledger: Ledger, line: Uint8Array): boolean => {
  // blank lines are no messages; only space, tab and carriage return open one
  if (line.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) return true
  const read = line.length > maxBytes ? undefined : readable(line)
  if (read !== undefined) return ledger.send(read.value)
  ledger.unreadable()
  return true
}
