import { Effect, serve, server, tool } from "mcpipe"

const t = tool({ name: "t" }, async (_, { run }) => {
  await run(Effect.log("logged in run"))
  return Effect.runPromise(Effect.void)
})
const generator = tool({ name: "g" }, function* () {
  yield* Effect.log("logged by a handler")
  yield* Effect.logError("an error by a handler")
  console.log("printed by a handler")
  return "ok"
})
const broken = tool({ name: "broken" }, () => Promise.reject(new Error("secret 42")))

await serve(server({ name: "log", version: "1.0.0" }).add(t, generator, broken))
