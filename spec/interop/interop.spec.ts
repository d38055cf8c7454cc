import { expect, it } from "vitest"
import { onEveryTransport } from "../kit/eras.ts"
import { cases } from "./cases.ts"

onEveryTransport(new URL("server.ts", import.meta.url), (client, at) => {
  for (const { title, ask, answer } of cases) {
    it(title, async () => {
      // one answer for all nine clients: what is equal to it is equal everywhere
      expect(await ask(client())).toStrictEqual(typeof answer === "function" ? answer(at) : answer)
    })
  }
})
