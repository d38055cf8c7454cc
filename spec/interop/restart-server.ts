import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Durable, Effect, Elicitation, JournalStore, Layer, Sampling, serve, server, tool } from "mcpipe"

// Serves over HTTP what asks and charges. Arguments: a folder, the key for states, and "shared" where journals are kept there.
const [folder, key, store] = process.argv.slice(2) as [string, string, string | undefined]

/** Journals as files, which every process of this machine reaches. */
const files = Layer.succeed(JournalStore, {
  shared: true,
  put: (id, text) => Effect.sync(() => writeFileSync(join(folder, `${id}.journal`), text)),
  get: (id) => Effect.sync(() => readFileSync(join(folder, `${id}.journal`), "utf8")),
  remove: () => Effect.void
})

/** Takes money: what must not happen twice, and leaves a line. */
const charge = (idempotencyKey: string) =>
  Effect.sync(() => {
    appendFileSync(join(folder, "charges"), `${idempotencyKey} by ${process.pid}\n`)
    return { receipt: `r-${process.pid}` }
  })

const book = tool({ name: "book" }, function* () {
  const city = yield* Elicitation.text("City?")
  const idempotencyKey = yield* Durable.idempotencyKey("charge")
  const { receipt } = yield* Durable.step("charge", charge(idempotencyKey))
  const day = yield* Elicitation.text("Day?")
  const line = yield* Sampling.text(`A line about ${city}`)
  return JSON.stringify({ city, day, line, receipt, idempotencyKey })
})

const bookAsync = tool({ name: "book_async" }, async (_, { elicit, step, sample, run }) => {
  const city = await elicit.text("City?")
  const idempotencyKey = await step.idempotencyKey("charge")
  const { receipt } = await step("charge", () => Effect.runPromise(charge(idempotencyKey)))
  const day = await elicit.text("Day?")
  const line = await sample(`A line about ${city}`)
  return JSON.stringify({ city, day, line, receipt, idempotencyKey: await run(Durable.idempotencyKey("charge")) })
})

const large = tool({ name: "large" }, async (_, { elicit, step }) => {
  const report = await step("report", () => {
    appendFileSync(join(folder, "reports"), `by ${process.pid}\n`)
    return "row ".repeat(5_000)
  })
  const first = await elicit.text("Send it?")
  const second = await elicit.text("Really?")
  return `${report.length} characters, ${first}, ${second}`
})

const restarting = server({ name: "restarting", version: "1.0.0" }).add(book, bookAsync, large)
const options = { http: { port: 0 }, requestStateKeys: [key] }
const serving = store === "shared" ? await serve(restarting.provide(files), options) : await serve(restarting, options)
console.error(`serving at ${serving.url}`)
