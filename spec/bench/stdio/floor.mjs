// The stdio floor: one decoding and one write a chunk.
import { answer } from "../floors.mjs"

let held = ""
process.stdin.setEncoding("utf8")
process.stdin.on("data", (chunk) => {
  const lines = (held + chunk).split("\n")
  held = lines.pop()
  let written = ""
  for (const line of lines) {
    const message = JSON.parse(line)
    if (message.id !== undefined) written += `${JSON.stringify(answer(message))}\n`
  }
  process.stdout.write(written)
})
