import assert from "node:assert/strict"
import { acknowledged } from "./answers.ts"

const field = /^(?:event: message|id: [\x21-\x7e]+|retry: \d+|data: [^\r\n]*|data:|:.*)$/

/** One event: its message, or undefined where it only tells an id, a time to wait or that somebody is there. */
const messageOf = (event: string): { readonly message: any } | undefined => {
  const lines = event.split("\n")
  for (const line of lines) assert.match(line, field, "events are of fields we write")
  const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6))
  assert.ok(data.length <= 1, "a message is one line")
  return data[0] === undefined || data[0] === "" ? undefined : { message: JSON.parse(data[0]) }
}

/**
 * Hands on the messages of a response as they come, whether it is JSON or a stream of events. A stream that somebody listens
 * to would not end: it is closed, and so is one when `heard` says so.
 */
export const readMessages = async (response: Response, heard: (message: any) => "close" | void): Promise<void> => {
  const type = response.headers.get("content-type")
  if (type !== "text/event-stream") {
    const body = await response.text()
    if (body === "") return
    assert.equal(type, "application/json")
    heard(JSON.parse(body))
    return
  }
  assert.equal(response.status, 200)
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const whole = (rest + value).split("\n\n")
    rest = whole.pop()!
    for (const event of whole) {
      const found = messageOf(event)
      if (found === undefined) continue
      if (heard(found.message) === "close" || acknowledged(found.message) !== undefined) {
        await reader.cancel()
        return
      }
    }
  }
  assert.equal(rest, "", "the stream ends with an event")
}
