import {
  Effect,
  Elicitation,
  Layer,
  type Middleware,
  middleware,
  PublicError,
  prompt,
  resource,
  ResourceNotFound,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as Cause from "effect/Cause"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { onTestFinished } from "vitest"
import * as v from "valibot"
import type { AnyServer } from "../../lib/builder/server.ts"
import { appOf, type AssembleOptions, assembleServer } from "../../lib/runtime/app.ts"
import { virtualTime } from "../../lib/testing/virtual-clock.ts"
import { connectWire, type Wire, type WireOptions } from "../kit/wire.ts"

export const info = (name = "s") => ({ name, version: "1" })

export const speaks = ["2025-11-25", "sessionless"] as const

/** Components of every way to end. */
export const components = [
  tool({ name: "add", input: { a: v.number() } }, ({ a }) => a + 1),
  tool({ name: "sad" }, () => {
    throw new ToolError("too sad")
  }),
  tool({ name: "broken" }, () => {
    throw new Error("secret")
  }),
  tool({ name: "slow" }, () => Effect.as(Effect.sleep("3 seconds"), "slept")),
  tool({ name: "hang" }, () => Effect.never),
  tool({ name: "twice" }, function* () {
    return `${yield* Elicitation.confirm("One?")} ${yield* Elicitation.confirm("Two?")}`
  }),
  resource({ uri: "note://{id}" }, ({ id }) => {
    if (id === "none") throw new ResourceNotFound()
    if (id === "broken") throw new Error("secret")
    return `note ${id}`
  }),
  prompt({ name: "hello" }, () => "Hello"),
  prompt({ name: "closed" }, () => {
    throw new PublicError("closed today")
  })
] as const

/** A server with all of them behind a middleware. */
export const watched = (...used: ReadonlyArray<Middleware<never, never>>) =>
  used.reduce<any>((s, one) => s.use(one), server(info()).add(...components)) as AnyServer

/** A middleware that refuses tools by the level it stands on. */
export const refusing = (level: "request" | "callTool", error: unknown): Middleware =>
  middleware({ [level]: () => Effect.fail(error) } as never) as Middleware

/** A peer of a server in a time that only moves by hand; answers "yes" to all that a handshake server asks. */
export const peerOf = async (
  served: AnyServer,
  speak: NonNullable<WireOptions["speak"]>,
  options: AssembleOptions = {}
) => {
  const time = await virtualTime()
  const app = appOf(assembleServer(served, options), time.context)
  const wire = await connectWire(app, { speak, capabilities: { elicitation: { form: {} } } })
  onTestFinished(async () => {
    await wire.close()
    await app.dispose()
    await time.close()
  })
  return { wire, clock: time.clock }
}

/** Waits for the question of that number on a handshake connection, and says yes. */
export const sayYes = async (wire: Wire, number: number) => {
  const isAsk = (message: any) => message.method === "elicitation/create"
  const ask = await wire.next((message) => isAsk(message) && wire.received.filter(isAsk)[number] === message)
  wire.send({ jsonrpc: "2.0", id: ask.id, result: { action: "accept", content: { ok: true } } })
}

/** Collects what is logged with annotations, into `seen`. */
export const logsTo = (seen: Array<any>) =>
  Layer.provideMerge(
    Logger.layer([
      Logger.make(({ message, logLevel, cause, fiber }) => {
        const annotations = fiber.getRef(References.CurrentLogAnnotations)
        const text = [message].flat().map(String).join(" ")
        const failure = cause.reasons.length === 0 ? undefined : { cause: Cause.pretty(cause) }
        seen.push({ level: logLevel, message: text, ...failure, ...annotations })
      })
    ]),
    Layer.succeed(References.MinimumLogLevel, "All")
  )

/** Waits until so many things are in a list. */
export const untilLength = async (list: ReadonlyArray<unknown>, length: number) => {
  while (list.length < length) await new Promise((resolve) => setImmediate(resolve))
}
