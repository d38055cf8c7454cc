// Drives a stdio server: `deep` requests are always on their way.
import { callMessage, checkCall, opening } from "./workload.mjs"

/** A driver of a child that speaks lines. Ids all have six digits, so that right answers all have one length. */
export const lineClient = (child, era) => {
  const [before, after] = JSON.stringify(callMessage(era, 999_999)).split("999999")
  let listen
  let id = 100_000
  child.stdout.on("data", (chunk) => listen?.(chunk))
  const requests = (count) => {
    let text = ""
    for (let i = 0; i < count; i++) {
      text += `${before}${id}${after}\n`
      id = id === 999_999 ? 100_000 : id + 1
    }
    return text
  }
  /** The answer to one call after the era's opening; throws where it is wrong. */
  const check = () =>
    new Promise((resolve, reject) => {
      let text = ""
      child.once("exit", (code) => reject(new Error(`The server ended with code ${code}`)))
      listen = (chunk) => {
        text += chunk
        const lines = text.split("\n").slice(0, -1)
        const line = lines.find((candidate) => JSON.parse(candidate).id === 999_999)
        if (line === undefined) return
        listen = undefined
        try {
          checkCall(line, era, 999_999)
          resolve(line)
        } catch (error) {
          reject(error)
        }
      }
      const messages = [...opening(era), callMessage(era, 999_999)]
      child.stdin.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""))
    })
  const load = (deep, millis, length) =>
    new Promise((resolve, reject) => {
      let calls = 0
      let bytes = 0
      let open = deep
      const start = performance.now()
      const end = start + millis
      listen = (chunk) => {
        let answers = 0
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) answers++
        calls += answers
        bytes += chunk.length
        if (answers === 0) return
        if (performance.now() < end) {
          child.stdin.write(requests(answers))
          return
        }
        open -= answers
        if (open > 0) return
        listen = undefined
        if (bytes !== calls * (length + 1)) reject(new Error(`${bytes} bytes for ${calls} answers of ${length + 1}`))
        else resolve({ calls, micros: (performance.now() - start) * 1_000 })
      }
      child.stdin.write(requests(deep))
    })
  return { check, load }
}
