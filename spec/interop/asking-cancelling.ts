import { accept } from "mcpipe"
import { expect, it } from "vitest"
import type { TestClient } from "../kit/clients.ts"
import type { Asked } from "../kit/clients-asked.ts"
import type { Specs } from "../kit/eras.ts"
import { gate } from "../kit/wire.ts"
import { styles } from "./asking-case.ts"

let calls = 0
const newKey = () => `cancelled-${++calls}`

const eventsOf = async (client: TestClient, key: string, until: string, times = 1): Promise<ReadonlyArray<string>> =>
  JSON.parse((await client.call("events", { key, until, times }))["content"][0].text)

/** Specs of calls that their client cancels; `respond` puts another respondent in place for the next question. */
export const cancelling =
  (respond: (answer: (asked: Asked) => unknown) => void): Specs =>
  (client, { era }) => {
    if (era === "handshake") {
      it("a question is over when the client cancels the call that asks it, and a late answer is ignored", async () => {
        for (const style of styles) {
          const [asked, over] = [gate<Asked>(), gate()]
          const answering = gate<unknown>()
          respond((question) => {
            question.signal.addEventListener("abort", () => over.open())
            asked.open(question)
            return answering.opened
          })
          const { send, wire } = client()
          const key = newKey()
          const controller = new AbortController()
          const called = client().call(`held_${style}`, { key }, { signal: controller.signal })
          // the v1 client rejects with an error that looks like the server's
          const outcome = called.then(
            (answer) => ("error" in answer ? "rejected" : "answered"),
            () => "rejected"
          )
          await asked.opened
          const { id } = wire.received.findLast(({ method }) => method === "elicitation/create")
          controller.abort()
          expect(await outcome).toBe("rejected")
          await over.opened
          const ended = ["interrupted", "finalized"]
          expect(await eventsOf(client(), key, "finalized"), style).toEqual(ended)
          const told = wire.received.filter(({ method }) => method === "notifications/cancelled").at(-1)
          expect(told.params.requestId).toBe(id)
          // the client itself says nothing more, so that its answer has to be put on the wire by hand
          answering.open(accept({ value: "late" }))
          const before = wire.received.length
          await send({ jsonrpc: "2.0", id, result: accept({ value: "late" }) })
          expect(await eventsOf(client(), key, "finalized"), style).toEqual(ended)
          expect(wire.received.length).toBe(before + 1)
        }
      })
      return
    }
    it("a step is cut when its client goes away, is not recorded, and begins again when the round is repeated", async () => {
      for (const style of styles) {
        const name = `working_${style}`
        const key = newKey()
        const first = await client().round(name, { key })
        const [ask] = Object.keys(first.inputRequests)
        const answered = {
          requestState: first.requestState,
          inputResponses: { [ask!]: accept({ value: "go" }) }
        }
        const controller = new AbortController()
        const second = client().round(name, { key }, { ...answered, signal: controller.signal })
        const outcome = second.then(
          () => "answered",
          () => "rejected"
        )
        await eventsOf(client(), key, "began")
        controller.abort()
        expect(await outcome).toBe("rejected")
        // the first round has ended like every one, and so does the one that was cut
        const cut = ["finalized", "began", "interrupted", "finalized"]
        expect(await eventsOf(client(), key, "finalized", 2), style).toEqual(cut)
        await client().call("release", { key })
        const again = await client().round(name, { key }, answered)
        expect(again.content, style).toEqual([{ type: "text", text: "go" }])
        expect(await eventsOf(client(), key, "finalized", 3), style).toEqual([...cut, "began", "ended", "finalized"])
      }
    })
  }
