import { ClientLog, Effect, type LogMessage } from "mcpipe"
import { expect, it } from "vitest"
import { logLevels } from "../../lib/services/client-log.ts"

it("ClientLog.layerTest collects messages of every level, whichever way they were sent", async () => {
  const talk = Effect.gen(function* () {
    const log = yield* ClientLog
    for (const level of logLevels) yield* log[level]({ said: level }, "part")
    yield* log.log("notice", 1)
    yield* ClientLog.log("alert", [2], "whole")
  })
  const seen: Array<LogMessage> = []
  await Effect.runPromise(Effect.provide(talk, ClientLog.layerTest(seen)))
  expect(seen).toEqual([
    ...logLevels.map((level) => ({ level, data: { said: level }, logger: "part" })),
    { level: "notice", data: 1, logger: undefined },
    { level: "alert", data: [2], logger: "whole" }
  ])
})
