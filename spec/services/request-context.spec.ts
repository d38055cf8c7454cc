import { Effect, RequestContext } from "mcpipe"
import { expect, it } from "vitest"

const describeCall = Effect.map(RequestContext, ({ method, revision, era, round, client, http }) => ({
  method,
  revision,
  era,
  round,
  name: client.info?.name ?? "nobody",
  agent: http?.header("user-agent")
}))

it("RequestContext.layerTest is a plain first round of 2026-07-28, with the fields a test names", async () => {
  expect(await Effect.runPromise(Effect.provide(describeCall, RequestContext.layerTest()))).toEqual({
    method: "tools/call",
    revision: "2026-07-28",
    era: "sessionless",
    round: 0,
    name: "nobody",
    agent: undefined
  })
  const header = (name: string) => (name === "user-agent" ? "spec" : undefined)
  const fields = {
    round: 2,
    client: { info: { name: "ada", version: "1" }, capabilities: {} },
    http: { method: "POST", url: "http://x/mcp", header, remoteAddress: undefined }
  }
  expect(await Effect.runPromise(Effect.provide(describeCall, RequestContext.layerTest(fields)))).toMatchObject({
    round: 2,
    name: "ada",
    agent: "spec"
  })
})
