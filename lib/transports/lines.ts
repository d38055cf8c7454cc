import { notUtf8 } from "../protocol/json.ts"
import { type Refusal, refusal } from "../protocol/reasons.ts"
import { isUtf8 } from "./utf8.ts"

export interface LineReader {
  /** Takes bytes as they come; calls back for each complete line in them, before it returns. */
  readonly push: (chunk: Buffer) => void
  /** Takes what is left without a line break as the last line. */
  readonly end: () => void
  /** Bytes held of a line that is not complete yet. */
  readonly buffered: () => number
}

/**
 * Splits bytes into lines of UTF-8. A line over `maxBytes` is refused once and skipped without being held; a line that is not
 * UTF-8 is refused too. Empty lines are left out, a carriage return before the line break is left for JSON to ignore.
 */
export const lineReader = (
  maxBytes: number,
  onLine: (line: string) => void,
  onRefused: (refused: Refusal) => void
): LineReader => {
  let held: Array<Buffer> = []
  let size = 0
  let skipping = false
  const tooLong = refusal("parse-error", `The line is longer than ${maxBytes} bytes, the most this server reads.`)

  const hold = (bytes: Buffer) => {
    if (skipping) {
      return
    }
    if (size + bytes.length > maxBytes) {
      held = []
      size = 0
      skipping = true
      onRefused(tooLong)
    } else if (bytes.length > 0) {
      held.push(bytes)
      size += bytes.length
    }
  }
  const release = () => {
    if (skipping) {
      skipping = false
    } else if (size > 0) {
      const line = held.length === 1 ? held[0]! : Buffer.concat(held, size)
      held = []
      size = 0
      bytesLine(line)
    }
  }
  const bytesLine = (bytes: Buffer) => {
    if (bytes.length > maxBytes) {
      onRefused(tooLong)
    } else if (isUtf8(bytes)) {
      textLine(bytes.toString())
    } else {
      onRefused(notUtf8)
    }
  }
  const textLine = (line: string) => {
    // Only a blank line starts with a space, a tab or a carriage return; JSON starts with a bracket.
    if (line.length > 0 && (line.charCodeAt(0) > 0x20 || line.trim() !== "")) {
      onLine(line)
    }
  }
  /** Lines that begin and end in this chunk: decoded together, since one decoding a line is what a splitter spends most on. */
  const wholeLines = (bytes: Buffer) => {
    const text = bytes.toString()
    if (bytes.length > maxBytes || (text.includes("\ufffd") && !isUtf8(bytes))) {
      for (let start = 0; start < bytes.length; ) {
        const end = bytes.indexOf(0x0a, start)
        bytesLine(bytes.subarray(start, end))
        start = end + 1
      }
      return
    }
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf("\n", start)
      textLine(text.slice(start, end))
      start = end + 1
    }
  }
  return {
    push: (chunk) => {
      let start = 0
      if (size > 0 || skipping) {
        const first = chunk.indexOf(0x0a)
        hold(first === -1 ? chunk : chunk.subarray(0, first))
        if (first === -1) {
          return
        }
        release()
        start = first + 1
      }
      const last = chunk.lastIndexOf(0x0a)
      if (last >= start) {
        wholeLines(chunk.subarray(start, last + 1))
        start = last + 1
      }
      hold(chunk.subarray(start))
    },
    end: release,
    buffered: () => size
  }
}
