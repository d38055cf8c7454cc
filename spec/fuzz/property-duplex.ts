import assert from "node:assert/strict"
import { PassThrough } from "node:stream"
import { type App, type MessageTransport, serve } from "mcpipe"
import { held } from "./fixture.ts"
import { Ledger } from "./ledger.ts"
import { readable } from "./oracle.ts"
import { bytesOf, goodCall, isSum, maxBytes, patience, turn, unharmed } from "./property.ts"

/** One peer and what it has heard so far. */
interface Talk {
  readonly ledger: Ledger
  /** What was wrong with messages as they came. */
  readonly faults: Array<unknown>
  /** Sends a good call; `good` tells whether it was answered. */
  readonly call: () => void
  good: boolean
  readonly close: () => Promise<void>
}

/** Takes one message that the server sent. */
const hear = (talk: Pick<Talk, "ledger" | "faults" | "good">, message: any): void => {
  if (message?.id === "after") {
    talk.good = isSum(message)
    return
  }
  try {
    talk.ledger.hear(message)
  } catch (fault) {
    talk.faults.push(fault)
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
      if (ledger.batched) held.release()
    }
  }
  try {
    await until(
      () => ledger.missing() <= held.count(),
      () => `every request is answered: ${ledger.missing()} are not, ${held.count()} are held`
    )
    talk.call()
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
export const overMessages = async (app: App, messages: ReadonlyArray<unknown>): Promise<number> => {
  const heard = { ledger: new Ledger(), faults: [], good: false }
  const transport: MessageTransport = {
    start: async () => {},
    send: async (message) => hear(talk, message),
    close: async () => {}
  }
  const serving = await serve(app, { transport, signals: false, gracePeriod: 0 })
  const call = () => transport.onmessage!(goodCall("after"))
  const talk: Talk = Object.assign(heard, { call, close: serving.close })
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
export const overStreams = async (
  app: App,
  { lines, cut }: { readonly lines: ReadonlyArray<string | Uint8Array>; readonly cut: number }
): Promise<number> => {
  const ledger = new Ledger()
  const sent: Array<Uint8Array> = []
  for (const line of lines.flatMap((text) => splitLines(bytesOf(text)))) {
    if (!note(ledger, line)) break
    sent.push(line, Uint8Array.of(0x0a))
  }
  const input = new PassThrough()
  const output = new PassThrough()
  const stdio = { input, output, maxLineBytes: maxBytes }
  const serving = await serve(app, { stdio, signals: false, gracePeriod: 0 })
  const call = () => void input.write(`${JSON.stringify(goodCall("after"))}\n`)
  const talk: Talk = { ledger, faults: [], good: false, call, close: serving.close }
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
