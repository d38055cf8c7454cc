import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connect, type TestClient } from "../kit/clients.ts"
import { combinations, nameOf } from "../kit/eras.ts"
import { cases } from "./cases.ts"

const module = new URL("server.ts", import.meta.url)

for (const at of combinations) {
  describe(nameOf(at), () => {
    let client: TestClient
    beforeAll(async () => {
      client = await connect(module, at)
    })
    afterAll(() => client?.[Symbol.asyncDispose]())

    for (const { title, ask, answer } of cases) {
      it(title, async () => {
        // one answer for all nine clients: what is equal to it is equal everywhere
        expect(await ask(client)).toStrictEqual(typeof answer === "function" ? answer(at) : answer)
      })
    }
  })
}
