import { type Serving, serve } from "mcpipe"
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { send } from "../kit/raw-http.ts"
import { callRows } from "./call-rows.ts"
import { envelopeRows } from "./envelope-rows.ts"
import { good } from "./exchange.ts"
import { fixture } from "./fixture.ts"
import { gateRows } from "./gate-rows.ts"
import { headerRows } from "./header-rows.ts"
import { leaksOf } from "./leaks.ts"
import { lookupRows } from "./lookup-rows.ts"
import { messageRows } from "./message-rows.ts"
import type { Row } from "./row.ts"

let serving: Serving

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}))

beforeAll(async () => {
  serving = await serve(fixture, { http: { port: 0 }, signals: false })
})

afterAll(() => serving.close())

const table = (title: string, rows: ReadonlyArray<Row>) =>
  describe(title, () => {
    it.each(rows.map((row) => [row.says, row] as const))("%s", async (_, row) => {
      const response = await send(serving.port!, row.exchange)
      const body = response.body === "" ? "" : JSON.parse(response.body)
      expect({ status: response.status, body }).toStrictEqual({ status: row.status, body: row.body })
      expect(leaksOf(response.body)).toEqual([])
      if (row.status === 405) expect(response.headers["allow"]).toBe("POST")
      if (body !== "") expect(response.headers["content-type"]).toBe("application/json")
    })
  })

table("a message that cannot be read is refused with what is wrong in it", messageRows)
table("a method or tool call that cannot be served says why", callRows)
table("a resource, prompt, completion or page that is not there says so", lookupRows)
table("an envelope or handshake that lacks something names it", envelopeRows)
table("a header that does not repeat the body is named", headerRows)
table("a request that should not have come here is turned away", gateRows)

it("answers a good call after all of that, in the same process", async () => {
  const response = await send(serving.port!, good())
  expect(JSON.parse(response.body).result.content).toEqual([{ type: "text", text: "3" }])
  expect(Object.prototype).not.toHaveProperty("polluted")
})
