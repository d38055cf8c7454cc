import { assemble, Context, Effect, Layer, lifespan, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { Session } from "../../lib/services/session.ts"
import { accept, connect, connectScoped } from "../../lib/testing/index.ts"
import { start } from "../kit/spawn.ts"
import { gate } from "../kit/wire.ts"
import { inEachEra, info } from "./eras.ts"

const hello = tool({ name: "hello" }, () => "hello")

/** A layer that tells when it is opened and closed. */
const traced = (events: Array<string>) => {
  class Traced extends Context.Service<Traced, string>()("spec/Traced") {}
  return lifespan(
    Traced,
    () => {
      events.push("open")
      return "traced"
    },
    () => void events.push("close")
  )
}

inEachEra((era) => {
  describe("a client of a server", () => {
    it("disposes of what it assembled when it is closed, once", async () => {
      const events: Array<string> = []
      const main = server(info).tool(hello).provide(traced(events))
      {
        await using client = await connect(main, { era })
        expect(events).toEqual(["open"])
        expect(await client.call(hello)).toBe("hello")
        await client.close()
        expect(events).toEqual(["open", "close"])
      }
      expect(events).toEqual(["open", "close"])
    })

    it("interrupts what is in flight, rejects what waits for it, and takes no more calls", async () => {
      const begun = gate()
      const events: Array<string> = []
      const stuck = tool({ name: "stuck" }, () =>
        Effect.andThen(Effect.sync(begun.open), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(() => void events.push("interrupted")))
        )
      )
      const client = await connect(server(info).add(stuck, hello).provide(traced(events)), { era })
      const call = expect(client.call(stuck)).rejects.toThrow(
        "tools/call was not answered: the client has been closed."
      )
      await begun.opened
      await client.close()
      await call
      expect(events).toEqual(["open", "interrupted", "close"])
      await expect(client.call(hello)).rejects.toMatchObject({ name: "ClientClosed" })
      await expect(client.list.tools()).rejects.toMatchObject({ name: "ClientClosed" })
    })

    it("rejects a call whose question is open", async () => {
      const asked = gate()
      const ask = tool({ name: "ask" }, async (_, { elicit }) => elicit.confirm("Sure?"))
      const elicitation = () => {
        asked.open()
        return new Promise<never>(() => {})
      }
      const client = await connect(server(info).tool(ask), { era, elicitation })
      const call = expect(client.call(ask)).rejects.toMatchObject({ name: "ClientClosed" })
      await asked.opened
      await client.close()
      await call
    })

    it("as a scoped Effect is closed with its scope", async () => {
      const events: Array<string> = []
      const main = server(info).tool(hello).provide(traced(events))
      const program = Effect.gen(function* () {
        const client = yield* connectScoped(main, { era })
        return yield* client.callEffect(hello)
      })
      expect(await Effect.runPromise(Effect.scoped(program))).toBe("hello")
      expect(events).toEqual(["open", "close"])
    })

    it("that does not start leaves nothing open", async () => {
      const events: Array<string> = []
      const broken = Layer.effectDiscard(Effect.fail(new Error("no database")))
      const main = server(info).tool(hello).provide(broken).provide(traced(events))
      await expect(connect(main, { era })).rejects.toMatchObject({ _tag: "LifespanError", reason: "layer-failed" })
      expect(events).toEqual(["open", "close"])
      await expect(connect(main, { era, clock: "virtual" })).rejects.toMatchObject({ _tag: "LifespanError" })
      const twice = server(info).add(
        hello,
        tool({ name: "hello" }, () => 1)
      )
      await expect(connect(twice, { era })).rejects.toThrow('Two tools are called "hello"')
    })
  })

  describe("a client of an app", () => {
    const cart = Session.state("cart", v.array(v.string()), { initial: () => [] })
    const put = tool({ name: "put", input: { what: v.string() } }, ({ what }) =>
      cart.update((items) => [...items, what])
    )

    it("leaves it running", async () => {
      const events: Array<string> = []
      await using app = assemble(server(info).tool(hello).provide(traced(events)))
      for (let n = 0; n < 2; n++) {
        await using client = await connect(app, { era })
        expect(await client.call(hello)).toBe("hello")
      }
      expect(events).toEqual(["open"])
    })

    it("shares it with others, each as who it is", async () => {
      await using app = assemble(server(info).tool(put))
      await using ann = await connect(app, { era, principal: "ann" })
      await using bob = await connect(app, { era, principal: "bob" })
      expect(await ann.call(put, { what: "tea" })).toEqual(["tea"])
      expect(await bob.call(put, { what: "jam" })).toEqual(["jam"])
      expect(await ann.call(put, { what: "salt" })).toEqual(["tea", "salt"])
    })

    it("takes no options of assembling, and no clock", async () => {
      await using app = assemble(server(info).tool(hello))
      await expect(connect(app, { era, dev: true })).rejects.toThrow(
        "dev is an option of assemble(server, { dev }): this app is assembled already."
      )
      await expect(connect(app, { era, clock: "virtual" })).rejects.toThrow(
        'connect: clock: "virtual" is for a server, which connect assembles: the layers of an app live in real time.'
      )
    })
  })

  it("options of assembling reach the server", async () => {
    const broken = tool({ name: "broken" }, () => {
      throw new Error("secret 42")
    })
    await using client = await connect(server(info).tool(broken), { era, dev: true })
    await expect(client.call(broken)).rejects.toThrow("secret 42")
    await expect(connect(server(info).tool(hello), { era, maxRounds: 0 })).rejects.toThrow(
      "Option maxRounds is 0: use an integer from 1 to 1000."
    )
  })
})

it.each<[string, unknown, string]>([
  ["no server", { served: {} }, "connect(…) takes a server made by server({ name, version }), or an app made by"],
  ["an unknown option", { options: { eras: 1 } }, "connect has no option eras; there are era, elicitation, "],
  ["an unknown era", { options: { era: "stateless" } }, 'era is "stateless"; use "sessionless" or "handshake".'],
  ["an unknown clock", { options: { clock: "test" } }, 'clock is "test"; use "virtual", or leave it out.'],
  ["an empty principal", { options: { principal: "" } }, "principal must be an id, or an object with one"],
  ["a principal without id", { options: { principal: {} } }, "principal must be an id, or an object with one"]
])("%s is refused", async (_, given: any, message) => {
  const connecting = connect(given.served ?? server(info), given.options)
  await expect(connecting).rejects.toMatchObject({ name: "DefinitionError" })
  await expect(connecting).rejects.toThrow(message)
})

it("too many rounds end a call of a client that would answer for ever", async () => {
  const ask = tool({ name: "ask" }, function* () {
    for (let n = 0; ; n++) yield* Effect.promise(async () => n)
  })
  const endless = tool({ name: "endless" }, async (_, { elicit }) => {
    for (let n = 0; n < 5; n++) await elicit.confirm(`Again, ${n}?`)
  })
  const elicitation = () => accept({ ok: true })
  await using client = await connect(server(info).add(endless, ask), { maxRounds: 3, elicitation })
  const failed = await client.attempt(endless)
  expect(failed).toMatchObject({ ok: false, error: { cause: { name: "TooManyRounds" } } })
})

it("a process that has closed its clients ends by itself", async () => {
  await using child = start("spec/testing/ends.fixture.ts")
  expect(await child.line("closed")).toBe("closed")
  expect(await child.ended()).toEqual({ code: 0, signal: null })
})
