import { assemble, Effect, Layer, LifespanError, Server, serve, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { A, B, C } from "../kit/services.ts"
import { connectWire } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })

/** A layer that writes down when it is built and released. */
const noted = (log: Array<string>, name: string) =>
  Layer.effect(
    A,
    Effect.acquireRelease(
      Effect.sync(() => {
        log.push(`+${name}`)
        return A.of({ value: name })
      }),
      () => Effect.sync(() => void log.push(`-${name}`))
    )
  )

/** The same, needing A. */
const notedB = (log: Array<string>, name: string) =>
  Layer.effect(
    B,
    Effect.gen(function* () {
      const { value } = yield* A
      yield* Effect.addFinalizer(() => Effect.sync(() => void log.push(`-${name}`)))
      log.push(`+${name}`)
      return B.of({ value: `${name} over ${value}` })
    })
  )

const sayA = tool({ name: "a", uses: { a: A } }, (_, { a }) => a.value)
const sayB = tool({ name: "b", uses: { b: B } }, (_, { b }) => b.value)

describe("layers", () => {
  it("are built once, however often they are mounted and served, and released once, in reverse", async () => {
    const log: Array<string> = []
    const layer = noted(log, "a")
    const child = server(info("child")).tool(sayA).provide(layer)
    const app = assemble(
      server(info("main")).mount("one", child).mount("two", child).provide(notedB(log, "b")).provide(layer).tool(sayB)
    )
    expect(log).toEqual([])
    await Promise.all([app.start(), app.start()])
    {
      await using http = await serve(app, { http: { port: 0 }, signals: false })
      await using first = await connectWire(app)
      await using second = await connectWire(app)
      expect(http.port).toBeGreaterThan(0)
      expect(await Promise.all([first.text("one_a"), second.text("two_a"), first.text("b")])).toEqual([
        "a",
        "a",
        "b over a"
      ])
    }
    expect(log).toEqual(["+a", "+b"])
    await Promise.all([app.dispose(), app.dispose(), app[Symbol.asyncDispose]()])
    await app.dispose()
    expect(log).toEqual(["+a", "+b", "-b", "-a"])
  })

  it("are built by serving where nobody started the app, and released by closing", async () => {
    const log: Array<string> = []
    const serving = await serve(server(info("s")).provide(noted(log, "a")), { http: { port: 0 }, signals: false })
    expect(log).toEqual(["+a"])
    await serving.close()
    await serving.close()
    expect(log).toEqual(["+a", "-a"])
  })

  it.each([
    ["before", (log: Array<string>) => server(info("s")).provide(noted(log, "a")).provide(notedB(log, "b"))],
    ["after", (log: Array<string>) => server(info("s")).provide(notedB(log, "b")).provide(noted(log, "a"))]
  ])("find a layer they need that was provided %s them", async (_, build) => {
    const log: Array<string> = []
    await using wire = await connectWire(build(log).tool(sayB) as never)
    expect(await wire.text("b")).toBe("b over a")
  })

  it("find each other over three steps in any order, and undo what they began in vain", async () => {
    const log: Array<string> = []
    const c = Layer.effect(
      C,
      Effect.gen(function* () {
        yield* Effect.acquireRelease(
          Effect.sync(() => log.push("+c draft")),
          () => Effect.sync(() => log.push("-c draft"))
        )
        const { value } = yield* B
        return C.of({ value: `c over ${value}` })
      })
    )
    const sayC = tool({ name: "c", uses: { c: C } }, (_, { c }) => c.value)
    const app = assemble(server(info("s")).tool(sayC).provide(noted(log, "a")).provide(notedB(log, "b")).provide(c))
    {
      await using wire = await connectWire(app)
      expect(await wire.text("c")).toBe("c over b over a")
      expect(log.filter((line) => line === "+c draft").length - log.filter((line) => line === "-c draft").length).toBe(
        1
      )
      expect(log.filter((line) => line === "+a" || line === "+b")).toEqual(["+a", "+b"])
    }
    await app.dispose()
    expect(log.slice(-3)).toEqual(["-c draft", "-b", "-a"])
  })

  it("may stand before or after the tools and mounts that use them", async () => {
    const a = Layer.succeed(A, { value: "a" })
    const child = server(info("child")).tool(sayA)
    await using first = await connectWire(server(info("s")).provide(a).tool(sayA).mount("x", child))
    await using last = await connectWire(server(info("s")).mount("x", child).tool(sayA).provide(a))
    for (const wire of [first, last]) {
      expect([await wire.text("a"), await wire.text("x_a")]).toEqual(["a", "a"])
    }
  })

  it("of the nearest server win, for its tools and below it", async () => {
    const value = (name: string) => Layer.succeed(A, { value: name })
    const leaf = server(info("leaf")).tool(sayA)
    const middle = server(info("middle")).tool(sayA).mount("leaf", leaf).provide(value("middle"))
    const root = server(info("root")).tool(sayA).mount("middle", middle).mount("leaf", leaf).provide(value("root"))
    await using wire = await connectWire(root)
    expect(await Promise.all(["a", "middle_a", "middle_leaf_a", "leaf_a"].map((name) => wire.text(name)))).toEqual([
      "root",
      "middle",
      "middle",
      "root"
    ])
  })

  it.each(["before", "after"])(
    "of the nearest server win for its other layers too, provided %s them",
    async (order) => {
      const own = Layer.succeed(A, { value: "own" })
      const b = notedB([], "b")
      const child = server(info("child")).tool(sayB)
      const provided = order === "before" ? child.provide(own).provide(b) : child.provide(b).provide(own)
      const root = server(info("root"))
        .mount("child", provided)
        .provide(Layer.succeed(A, { value: "parent's" }))
      await using wire = await connectWire(root as never)
      expect(await wire.text("child_b")).toBe("b over own")
    }
  )
})

describe("a start that fails", () => {
  const caught = (promise: Promise<unknown>): Promise<any> =>
    promise.then(
      () => undefined,
      (error) => error
    )

  const broken = Layer.effect(A, Effect.die(new Error("typo")))

  /** The line this is called from. */
  const here = (): number => Number(/lifespan\.spec\.ts:(\d+)/.exec(new Error().stack!.split("\n")[2]!)![1])

  it("names the layers that need each other in a circle", async () => {
    const a = Layer.effect(
      A,
      Effect.map(B, ({ value }) => ({ value }))
    )
    const b = Layer.effect(
      B,
      Effect.map(A, ({ value }) => ({ value }))
    )
    const error = await caught(assemble(server(info("ring")).provide(a).provide(b) as never).start())
    expect(error).toBeInstanceOf(LifespanError)
    expect(error.reason).toBe("missing-service")
    expect(error.message).toMatch(
      /^server "ring": the layer provided at .*lifespan\.spec\.ts:\d+:\d+ needs the service spec\/[AB], which no layer here or on a parent gives: add \.provide\(layer\) for it, and make sure that layers do not need each other in a circle\.$/
    )
  })

  it("names the file and line that provided the layer, its server, its mount and the fault", async () => {
    const broken = Layer.effect(A, Effect.fail(new Error("db is down")))
    const provided = server(info("crm")).provide(broken)
    const line = Number(/lifespan\.spec\.ts:(\d+)/.exec(new Error().stack!)![1]) - 1
    const error = await caught(assemble(server(info("main")).mount("x", provided)).start())
    expect(error).toMatchObject({ _tag: "LifespanError", reason: "layer-failed", cause: new Error("db is down") })
    expect(error.message).toMatch(
      new RegExp(
        `^server "crm" mounted as "x": the layer provided at .*/lifespan\\.spec\\.ts:${line}:\\d+ failed to build: db is down$`
      )
    )
  })

  it.each<[string, () => { readonly app: AnyServer; readonly line: number }]>([
    ["the pipe form", () => ({ app: server(info("crm")).pipe(Server.provide(broken)), line: here() })],
    ["a long pipe", () => ({ app: server(info("crm")).pipe(Server.tool(sayA), Server.provide(broken)), line: here() })],
    ["the data-first form", () => ({ app: Server.provide(server(info("crm")), broken), line: here() })]
  ])("names the line of %s as well", async (_, build) => {
    const { app, line } = build()
    const error = await caught(assemble(app as never).start())
    expect(error.message).toMatch(
      new RegExp(`^server "crm": the layer provided at /.*/lifespan\\.spec\\.ts:${line}:\\d+ failed to build: typo$`)
    )
  })

  it("releases what was built, can be tried again, and builds everything anew", async () => {
    const log: Array<string> = []
    let down = true
    const flaky = Layer.effect(
      B,
      Effect.suspend(() => (down ? Effect.fail(new Error("not yet")) : Effect.succeed(B.of({ value: "up" }))))
    )
    const app = assemble(server(info("s")).provide(flaky).provide(noted(log, "a")).tool(sayB))
    await expect(app.start()).rejects.toThrow("not yet")
    expect(log).toEqual(["+a", "-a"])
    down = false
    await app.start()
    expect(log).toEqual(["+a", "-a", "+a"])
    await app.dispose()
    expect(log).toEqual(["+a", "-a", "+a", "-a"])
  })

  it("rejects once a release that takes time is over, so that the next start finds the place free", async () => {
    const log: Array<string> = []
    const slow = Layer.effect(
      A,
      Effect.acquireRelease(Effect.succeed(A.of({ value: "a" })), () =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.promise(async () => void log.push("released"))
        )
      )
    )
    const broken = Layer.effect(
      B,
      Effect.flatMap(A, () => Effect.fail(new Error("no")))
    )
    const app = assemble(server(info("s")).provide(broken).provide(slow))
    await expect(app.start()).rejects.toThrow("no")
    expect(log).toEqual(["released"])
  })
})

describe("an app", () => {
  it("cannot start once it was disposed of, and says what to do", async () => {
    const app = assemble(server(info("s")))
    await app.dispose()
    await expect(app.start()).rejects.toThrow('server "s": this app was disposed of; assemble the server again.')
    await expect(connectWire(app)).rejects.toThrow("this app was disposed of; assemble the server again.")
  })

  it("that never started builds nothing when it is disposed of", async () => {
    const log: Array<string> = []
    await assemble(server(info("s")).provide(noted(log, "a"))).dispose()
    expect(log).toEqual([])
  })

  it("disposed of while it starts releases what it builds", async () => {
    const log: Array<string> = []
    const app = assemble(server(info("s")).provide(noted(log, "a")))
    const starting = app.start()
    await app.dispose()
    await starting
    expect(log).toEqual(["+a", "-a"])
  })

  it("lets calls in flight run their finalizers before it releases the layers they use", async () => {
    const log: Array<string> = []
    const hold = tool({ name: "hold" }, () =>
      Effect.onInterrupt(Effect.never, () => Effect.sync(() => void log.push("call")))
    )
    const app = assemble(server(info("s")).tool(hold).provide(noted(log, "a")))
    const wire = await connectWire(app, { gracePeriod: 60_000 })
    const answer = wire.request("tools/call", { name: "hold" })
    await app.dispose()
    expect(log).toEqual(["+a", "call", "-a"])
    expect((await answer).error).toEqual({
      code: -32603,
      message: "The request was interrupted: the server is shutting down."
    })
    await wire.close()
  })
})
