import { connect } from "mcpipe/testing"
import { describe, expect, it } from "vitest"
import effect from "../../examples/model/effect.ts"
import plain from "../../examples/model/server.ts"
import { children, timeout } from "./clients.ts"

const text = "Rain falls. It falls on Oslo! More is to come."

describe.each([
  ["plain", plain],
  ["Effect", effect]
])("summaries in %s style", (_, main) => {
  it.each(["sessionless", "handshake"] as const)(
    "are said by the server's model where the client has none (%s)",
    async (era) => {
      await using client = await connect(main, { era })
      expect(await client.call("summarise", { text })).toBe("Rain falls.")
    }
  )

  it("are said by the client's model where it has one", async () => {
    await using client = await connect(main, { sampling: ({ systemPrompt }) => `So it is: ${systemPrompt}` })
    expect(await client.call("summarise", { text })).toBe("So it is: Answer in one sentence.")
  })
})

it.each(children)("main.ts $flags says them to $title", { timeout }, async ({ inChild, flags }) => {
  await using child = await inChild("model", flags)
  expect((await child.client.call("summarise", { text })).content[0].text).toBe("Rain falls.")
})
