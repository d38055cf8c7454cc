import { type Encoded, encodeMessage } from "../protocol/encode.ts"
import type { Connection, Peer, Ports, Room } from "../protocol/exchange.ts"
import { parseJson } from "../protocol/json.ts"
import { errorOf, type Refusal } from "../protocol/reasons.ts"
import { drainable, type DuplexServing, refusedWhileDraining } from "./duplex.ts"
import { drained, within } from "./drain.ts"
import { lineReader } from "./lines.ts"
import { booleanOption, integerOption, knownOptions, maxTimer } from "./options.ts"
import { maxUnreadBytes } from "./unread.ts"

/** A Node `Readable`, by shape: programs without Node's types can read our declarations too. */
export interface InputStream {
  on(event: string, listener: (...args: Array<any>) => void): unknown
  once(event: string, listener: (...args: Array<any>) => void): unknown
  off(event: string, listener: (...args: Array<any>) => void): unknown
  pause(): unknown
  resume(): unknown
  isPaused(): boolean
}

/** A Node `Writable`, by shape. */
export interface OutputStream {
  on(event: string, listener: (...args: Array<any>) => void): unknown
  once(event: string, listener: (...args: Array<any>) => void): unknown
  off(event: string, listener: (...args: Array<any>) => void): unknown
  write(chunk: any, callback?: (error?: Error | null) => void): boolean
  readonly writableLength: number
  readonly destroyed: boolean
}

/** Options of newline-delimited JSON over two streams. */
export interface StdioOptions {
  /** Where messages come from. Default `process.stdin`. */
  readonly input?: InputStream | undefined
  /** Where messages go. Default `process.stdout`, which is then guarded: other writes to it go to stderr. */
  readonly output?: OutputStream | undefined
  /**
   * Longest line in bytes, 1 to 1 GiB; longer ones are refused and skipped. Default 4 MiB. Whatever its size, a message of more
   * than 32,000 members, objects and arrays, 64,000 strings, 160,000 other items of arrays, or a mix that weighs as much, is refused.
   */
  readonly maxLineBytes?: number | undefined
  /** Deepest nesting of a message, 8 to 1,000 levels. Default 64. */
  readonly maxDepth?: number | undefined
  /**
   * Whether two members of one name are refused in every object of a message. Default false: only in the message itself,
   * its `params` and `params._meta`.
   */
  readonly strictJson?: boolean | undefined
}

/** Stdio options, checked and with defaults. */
export interface StdioSettings {
  readonly input: InputStream
  readonly output: OutputStream
  readonly maxLineBytes: number
  readonly maxDepth: number
  readonly strictJson: boolean
  /** Milliseconds that requests in flight may take after the input has ended. */
  readonly gracePeriod: number
}

/** Checks the options; throws a `ServeError` naming option, value and range. */
export const stdioSettings = (options: StdioOptions, gracePeriod: number): StdioSettings => {
  knownOptions(options, names, "stdio.")
  return {
    input: options.input ?? process.stdin,
    output: options.output ?? process.stdout,
    maxLineBytes: integerOption("maxLineBytes", options.maxLineBytes, 4 * 1_048_576, 1, 1_073_741_824),
    maxDepth: integerOption("maxDepth", options.maxDepth, 64, 8, 1_000),
    strictJson: booleanOption("strictJson", options.strictJson, false),
    gracePeriod: integerOption("gracePeriod", gracePeriod, 10_000, 0, maxTimer)
  }
}

const names: ReadonlySet<string> = new Set(["input", "output", "maxLineBytes", "maxDepth", "strictJson"])

/**
 * Serves one peer over two streams. `write` replaces `output.write` where that one is guarded.
 * The end of the input lets work in flight finish; a broken output interrupts it at once.
 */
export const serveStdio = (
  ports: Ports,
  { input, output, maxLineBytes, maxDepth, strictJson, gracePeriod }: StdioSettings,
  write: OutputStream["write"] = output.write.bind(output)
): DuplexServing => {
  let pending = ""
  let prepared: Array<Uint8Array> | undefined
  let reading = false
  let scheduled = false
  let draining = false
  let broken = false
  let resolveClosed: () => void
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })

  const onDrain = () => {
    input.resume()
  }
  let unread: Room
  let resume: (() => void) | undefined
  const release = () => {
    resume?.()
    unread = undefined
    resume = undefined
  }
  /** Settles once what was written so far is read, or never will be. */
  const full = (): Promise<void> => {
    unread ??= new Promise((resolve) => {
      resume = resolve
    })
    return unread
  }
  const flush = () => {
    scheduled = false
    if (broken) {
      pending = ""
      prepared = undefined
      release()
      return
    }
    if (prepared !== undefined) {
      prepared.push(Buffer.from(pending))
      const whole = Buffer.concat(prepared)
      prepared = undefined
      pending = ""
      write(whole)
    } else if (pending !== "") {
      const text = pending
      pending = ""
      write(text)
    }
    if (output.writableLength <= maxUnreadBytes) {
      release()
      return
    }
    if (resume !== undefined) {
      output.once("drain", release)
    }
    // requests are not read while their answers wait
    if (!input.isPaused()) {
      input.pause()
      output.once("drain", onDrain)
    }
  }
  const put = (message: Encoded): Room => {
    if (typeof message === "string") {
      pending += `${message}\n`
    } else {
      prepared ??= []
      prepared.push(Buffer.from(pending), message)
      pending = "\n"
    }
    // Answers to one chunk leave in one write. A tick runs after all promises that are ready, so theirs leave together too.
    if (!reading && !scheduled) {
      scheduled = true
      process.nextTick(flush)
    }
    return !broken && output.writableLength + pending.length > maxUnreadBytes ? full() : undefined
  }
  const refuse = (refused: Refusal) => void put(JSON.stringify(errorOf(refused, "sessionless", undefined)))
  const peer: Peer = { send: (message, tailBytes) => put(encodeMessage(message, tailBytes)) }
  const connection: Connection = ports.connect(peer)
  const work = drainable(connection)
  const lines = lineReader(
    maxLineBytes,
    (line) => {
      const parsed = parseJson(line, maxDepth, strictJson)
      if (!parsed.ok) {
        refuse(parsed.refusal)
        return
      }
      const refused = draining ? refusedWhileDraining(parsed.value) : undefined
      if (refused === undefined) {
        connection.receive(parsed.value)
      } else {
        put(JSON.stringify(refused))
      }
    },
    refuse
  )

  const onData = (chunk: Buffer | string) => {
    reading = true
    lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)
    reading = false
    flush()
  }
  const onEnd = () => {
    reading = true
    lines.end()
    reading = false
    flush()
    connection.ended()
    void drain(gracePeriod)
  }
  const onBroken = () => {
    if (!broken) {
      broken = true
      release()
      connection.interrupt("disconnected")
      void drain(gracePeriod)
    }
  }
  let ending: Promise<void> | undefined
  const drain = (graceMillis: number) => (ending ??= end(graceMillis))
  const end = async (graceMillis: number) => {
    draining = true
    if (!broken) {
      connection.end()
      await drained(work, graceMillis)
      flush()
      // a client that has stopped reading must not keep the process
      await within(written(), graceMillis)
    }
    input.off("data", onData)
    input.off("end", onEnd)
    input.off("close", onEnd)
    input.off("error", onEnd)
    input.pause()
    output.off("drain", onDrain)
    output.off("close", onBroken)
    if (!broken) {
      output.off("error", onBroken)
    }
    resolveClosed()
  }
  /** Settles when all bytes are handed on, or when they never will be. */
  const written = () =>
    new Promise<void>((resolve) => {
      const done = () => {
        output.off("close", done)
        output.off("error", done)
        resolve()
      }
      output.once("close", done)
      output.once("error", done)
      if (broken || output.destroyed) {
        done()
      } else {
        write("", done)
      }
    })

  // A write after the peer has gone raises `error` (EPIPE), which unheard would end the process; so it stays heard.
  output.on("error", onBroken)
  output.on("close", onBroken)
  input.on("data", onData)
  input.on("end", onEnd)
  input.on("close", onEnd)
  input.on("error", onEnd)
  return { drain, closed }
}
