import { expect, it } from "vitest"
import { inBothEras, onEveryTransport } from "../kit/eras.ts"
import { cases } from "./cases.ts"

const module = new URL("server.ts", import.meta.url)

onEveryTransport(module, (client, at) => {
  for (const { title, ask, answer } of cases) {
    it(title, async () => {
      // one answer for all nine clients: what is equal to it is equal everywhere
      expect(await ask(client())).toStrictEqual(typeof answer === "function" ? answer(at) : answer)
    })
  }
})

// Over stdio a client may read both messages in one piece, and then drops the progress itself; in memory nothing excuses it.
inBothEras(module, (client) => {
  it("progress reported right before the answer is heard", async () => {
    const seen: Array<unknown> = []
    await client().call("hasty", {}, { onProgress: (progress) => void seen.push(progress) })
    expect(seen).toStrictEqual([{ progress: 1 }, { progress: 2 }])
  })
})
