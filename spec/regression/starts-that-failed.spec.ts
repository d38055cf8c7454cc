import { assemble, Context, Effect, Layer, LifespanError, lifespan, server } from "mcpipe"
import { describe, expect, it } from "vitest"

class Cache extends Context.Service<Cache, { readonly name: string }>()("app/Cache") {}
class Db extends Context.Service<Db, { readonly name: string }>()("app/Db") {}

const info = { name: "s", version: "1" }
const failing = () => {
  throw new Error("cannot close")
}

const startOf = (main: any) => {
  const app = assemble(main)
  return {
    app,
    failure: () =>
      app.start().then(
        () => undefined,
        (error: unknown) => error
      )
  }
}

describe("a start on which a layer does not build, and closing another fails as well,", () => {
  it("says why the start failed, and a later start can succeed", async () => {
    let tries = 0
    const cache = lifespan(Cache, () => ({ name: "cache" }), failing)
    const db = lifespan(Db, () => {
      if (++tries === 1) throw new Error("no route to db1")
      return { name: "db" }
    })
    // the last layer goes first
    const { app, failure } = startOf(server(info).provide(db).provide(cache))
    const error = await failure()
    expect(error).toBeInstanceOf(LifespanError)
    expect(error).toMatchObject({ reason: "layer-failed", message: expect.stringMatching(/no route to db1$/) })
    expect(await failure()).toBeUndefined()
    expect(tries).toBe(2)
    await expect(app.dispose()).rejects.toThrow("cannot close")
  })

  it("says so too where it is the failing layer itself that cannot close what it had begun", async () => {
    let tries = 0
    const db = Layer.effect(
      Db,
      Effect.gen(function* () {
        if (++tries > 1) return { name: "db" }
        yield* Effect.addFinalizer(() => Effect.sync(failing))
        return yield* Effect.fail(new Error("no route to db1"))
      })
    )
    const { app, failure } = startOf(server(info).provide(db))
    const error = await failure()
    expect(error).toBeInstanceOf(LifespanError)
    expect(error).toMatchObject({ reason: "layer-failed", message: expect.stringMatching(/no route to db1$/) })
    expect(await failure()).toBeUndefined()
    await app.dispose()
  })
})

it.each([
  [{ _tag: "NoRoute", host: "db1" }, '{"_tag":"NoRoute","host":"db1"}'],
  [["db1", "db2"], '["db1","db2"]'],
  ["no route", "no route"],
  [undefined, "nothing"]
])("a layer that fails with %o, which is no Error, says so in words", async (reason, words) => {
  const { failure } = startOf(server(info).provide(Layer.effect(Db, Effect.fail(reason))))
  const error: any = await failure()
  expect(error).toBeInstanceOf(LifespanError)
  expect(error.message).not.toContain("[object Object]")
  expect(error.message.endsWith(`failed to build: ${words}`), error.message).toBe(true)
})
