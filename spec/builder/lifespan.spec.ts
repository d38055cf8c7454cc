import { assemble, LifespanError, lifespan, Server, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { A, B } from "../kit/services.ts"
import { connectWire, gate } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }
const say = tool({ name: "say", uses: { a: A } }, (_, { a }) => a.value)

const caught = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => undefined,
    (error) => error
  )

describe("lifespan(Tag, open, close)", () => {
  it.each([
    ["at once", () => ({ value: "open" })],
    ["after a promise", () => Promise.resolve({ value: "open" })]
  ])("opens %s, once, when the app starts, and gives the service to handlers", async (_, open) => {
    let opened = 0
    const counted = () => {
      opened++
      return open()
    }
    const child = server(info).tool(say).provide(lifespan(A, counted))
    const app = assemble(server(info).mount("one", child).mount("two", child))
    expect(opened).toBe(0)
    await Promise.all([app.start(), app.start()])
    expect(opened).toBe(1)
    await using wire = await connectWire(app)
    expect(await Promise.all([wire.text("one_say"), wire.text("two_say")])).toEqual(["open", "open"])
    await app.dispose()
    expect(opened).toBe(1)
  })

  it("closes what it opened once, when the app is disposed of, which waits for it", async () => {
    const closing = gate()
    const closed: Array<unknown> = []
    const service = { value: "open" }
    const layer = lifespan(
      A,
      () => service,
      async (given) => {
        await closing.opened
        closed.push(given)
      }
    )
    const app = assemble(server(info).tool(say).provide(layer))
    await app.start()
    let disposed = false
    const ending = Promise.all([app.dispose(), app.dispose()]).then(() => {
      disposed = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect([closed, disposed]).toEqual([[], false])
    closing.open()
    await ending
    await app.dispose()
    expect(closed).toEqual([service])
    expect(closed[0]).toBe(service)
  })

  it("closes in reverse of the order it opened in", async () => {
    const log: Array<string> = []
    const open = (name: string) => async () => {
      log.push(`+${name}`)
      return { value: name }
    }
    const close = ({ value }: { readonly value: string }) => log.push(`-${value}`)
    const app = assemble(
      server(info)
        .provide(lifespan(A, open("a"), close))
        .provide(lifespan(B, open("b"), close))
    )
    await app.start()
    await app.dispose()
    expect(log).toEqual(["+b", "+a", "-a", "-b"])
  })

  it.each([
    [
      "throws",
      () => {
        throw new Error("db is down")
      }
    ],
    ["rejects", () => Promise.reject(new Error("db is down"))]
  ])("keeps an app whose open %s from starting, names the place, and closes nothing", async (_, open) => {
    const closed: Array<unknown> = []
    const layer = lifespan(A, open, (given) => closed.push(given))
    const line = Number(/lifespan\.spec\.ts:(\d+)/.exec(new Error().stack!)![1]) + 1
    const app = assemble(server(info).tool(say).provide(layer))
    const error = await caught(app.start())
    expect(error).toBeInstanceOf(LifespanError)
    expect(error).toMatchObject({ reason: "layer-failed", cause: new Error("db is down") })
    expect(error.message).toMatch(
      new RegExp(
        `^server "s": the layer provided at .*/builder/lifespan\\.spec\\.ts:${line}:\\d+ failed to build: db is down$`
      )
    )
    await app.dispose()
    expect(closed).toEqual([])
  })

  it("says what an open without an error rejected with", async () => {
    const app = assemble(server(info).pipe(Server.provide(lifespan(A, () => Promise.reject("no password")))))
    expect((await caught(app.start())).message).toMatch(/ failed to build: no password$/)
  })

  it("closes what is open already when another one fails to open", async () => {
    const log: Array<string> = []
    const good = lifespan(
      A,
      () => ({ value: "a" }),
      () => log.push("closed")
    )
    const bad = lifespan(B, () => Promise.reject(new Error("no")))
    await expect(assemble(server(info).provide(bad).provide(good)).start()).rejects.toThrow("no")
    expect(log).toEqual(["closed"])
  })
})
