import { Durable, Effect, Elicitation, server, tool } from "mcpipe"
import { audit, type AuditRecord, cache, rateLimit, redact, retry, sanitize } from "mcpipe/middleware"
import * as v from "valibot"
import { expect, it } from "vitest"
import { driveTool, yes } from "../kit/rounds.ts"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }

it("a result is cached inside of what redacts it", async () => {
  let runs = 0
  const mail = tool({ name: "mail", annotations: { readOnlyHint: true } }, () => `ada@example.com ${++runs}`)
  const kept = cache()
  await using wire = await connectWire(
    server(info)
      .use(redact({ patterns: ["email"] }))
      .use(kept)
      .tool(mail)
  )
  expect(await wire.text("mail")).toBe("[redacted] 1")
  expect(await wire.text("mail")).toBe("[redacted] 1")
  expect(kept.stats()).toMatchObject({ hits: 1, misses: 1 })
})

it("a step that succeeded is not repeated by a retry inside of what redacts, and its answers are kept", async () => {
  const done: Array<string> = []
  let attempts = 0
  const order = tool({ name: "order", annotations: { idempotentHint: true } }, function* () {
    yield* Durable.step(
      "charge",
      Effect.sync(() => void done.push("charge"))
    )
    if (!(yield* Elicitation.confirm("Send it to ada@example.com?"))) return "kept"
    if (++attempts < 3) yield* Effect.die(new Error("down"))
    return "sent"
  })
  const made = server(info)
    .use(redact({ patterns: ["email"] }))
    .use(retry({ baseDelay: 1, jitter: 0 }))
    .tool(order)
  const asked: Array<string> = []
  await using wire = await connectWire(made, { capabilities: { elicitation: {} } })
  const answered = await driveTool(wire, "order", (question) => {
    asked.push(question.params.message)
    return yes()
  })
  expect(answered.text).toBe("sent")
  expect(done).toEqual(["charge"])
  expect(asked).toEqual(["Send it to [redacted]?"])
})

it("everything at once stands around parents and children in the order it was written", async () => {
  const records: Array<AuditRecord> = []
  const greet = tool(
    { name: "greet", input: { name: v.pipe(v.string(), v.maxLength(5)) } },
    ({ name }) => `Hi ${name}!`
  )
  const child = server({ ...info, name: "child" })
    .use(sanitize({ trim: true }))
    .tool(greet)
  const made = server(info)
    .use(audit({ sink: (record) => void records.push(record) }))
    .use(rateLimit({ perMinute: 2 }))
    .use(redact({ patterns: [/Ada/] }))
    .mount("c", child)
  await using wire = await connectWire(made)
  expect(await wire.text("c_greet", { name: "  Ada  " })).toBe("Hi [redacted]!")
  expect(await wire.text("c_greet", { name: "Bob" })).toBe("Hi Bob!")
  const { error } = await wire.request("tools/call", { name: "c_greet", arguments: { name: "Eve" } })
  expect(error.message).toMatch(/2 .*minute/)
  expect(records.map(({ name, outcome }) => [name, outcome])).toEqual([
    ["c_greet", "complete"],
    ["c_greet", "complete"],
    ["c_greet", "denied"]
  ])
})
