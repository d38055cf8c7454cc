import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lineReader } from "../../lib/transports/lines.ts"

const read = (maxBytes: number) => {
  const lines: Array<string> = []
  const refused: Array<string> = []
  const reader = lineReader(
    maxBytes,
    (line) => lines.push(line),
    ({ message }) => refused.push(message)
  )
  return { ...reader, lines, refused }
}

const tooLong = (bytes: number) => `The line is longer than ${bytes} bytes, the most this server reads.`

describe("lineReader", () => {
  it("gives the same lines however the bytes are cut, in the middle of characters too", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }).map((text) => JSON.stringify({ text }))),
        fc.constantFrom("\n", "\r\n"),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (lines, end, sizes) => {
          const bytes = Buffer.from(lines.map((line) => line + end).join(""))
          const reader = read(10_000)
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value
            reader.push(bytes.subarray(at, at + size))
            at += size
          }
          expect(reader.lines.map((line) => line.trimEnd())).toEqual(lines)
          expect(reader.refused).toEqual([])
          expect(reader.buffered()).toBe(0)
        }
      )
    )
  })

  it("leaves out blank lines and takes a last line without a line break", () => {
    const reader = read(100)
    reader.push(Buffer.from('\n\r\n  \n {"a":1}\n\n{"b":2}'))
    expect(reader.lines).toEqual([' {"a":1}'])
    reader.end()
    expect(reader.lines).toEqual([' {"a":1}', '{"b":2}'])
  })

  it("refuses a line over the limit once, holding none of it, and reads on after it", () => {
    const reader = read(1_000)
    const chunk = Buffer.alloc(600, "x")
    let most = 0
    for (let sent = 0; sent < 100_000; sent++) {
      reader.push(chunk)
      most = Math.max(most, reader.buffered())
    }
    expect(most).toBeLessThanOrEqual(1_000)
    expect(reader.buffered()).toBe(0)
    reader.push(Buffer.from('xx\n{"a":1}\n'))
    expect(reader.lines).toEqual(['{"a":1}'])
    expect(reader.refused).toEqual([tooLong(1_000)])
  })

  it("refuses a line over the limit within one large chunk, between two that are not", () => {
    const reader = read(10)
    reader.push(Buffer.from(`{"a":1}\n${"x".repeat(11)}\n${"y".repeat(10)}\n`))
    expect(reader.lines).toEqual(['{"a":1}', "yyyyyyyyyy"])
    expect(reader.refused).toEqual([tooLong(10)])
  })

  it("refuses exactly the line that is not UTF-8", () => {
    const reader = read(100)
    reader.push(Buffer.concat([Buffer.from('"a"\n"'), Buffer.from([0xff]), Buffer.from('"\n"\ufffd"\n')]))
    expect(reader.lines).toEqual(['"a"', '"\ufffd"'])
    expect(reader.refused).toEqual(["The message is not valid UTF-8, as JSON must be (RFC 8259 §8.1)."])
  })
})
