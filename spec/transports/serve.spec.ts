import { PassThrough } from "node:stream"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { serveApp, serveAppScoped } from "../../lib/transports/serve.ts"
import { ServeError } from "../../lib/transports/serve-error.ts"
import { fakeApp, fakePorts } from "../kit/fake-ports.ts"
import { send } from "../kit/raw-http.ts"

const echo = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "echo" })
const quiet = { signals: false, gracePeriod: 0 } as const

const handlers = () => process.listenerCount("SIGTERM") + process.listenerCount("SIGINT")

describe("serve over HTTP", () => {
  it("listens on a free port of the loopback, says where, and closes once", async () => {
    const { app, counts } = fakeApp()
    const serving = await serveApp(app, { http: { port: 0 }, ...quiet })
    expect(serving.url).toBe(`http://127.0.0.1:${serving.port}/mcp`)
    expect((await send(serving.port!, { body: echo })).status).toBe(200)
    await Promise.all([serving.close(), serving.close(), serving.closed])
    expect(counts).toEqual({ starts: 1, disposals: 1 })
  })

  it("does not close an app it does not own, which may be served many times", async () => {
    const { app, counts } = fakeApp()
    const servings = await Promise.all([1, 2].map(() => serveApp(app, { http: { port: 0 }, ...quiet }, false)))
    await Promise.all(servings.map((serving) => serving.close()))
    expect(counts.disposals).toBe(0)
  })

  it("closes at the end of an `await using` block", async () => {
    const { app, counts } = fakeApp()
    {
      await using serving = await serveApp(app, { http: { port: 0 }, ...quiet })
      expect(serving.port).toBeGreaterThan(0)
    }
    expect(counts.disposals).toBe(1)
  })

  it("closes its app where the port is taken", async () => {
    await using blocker = await serveApp(fakeApp().app, { http: { port: 0 }, ...quiet })
    const { app, counts } = fakeApp()
    const failed = serveApp(app, { http: { port: blocker.port }, ...quiet })
    await expect(failed).rejects.toThrow(`Cannot listen on 127.0.0.1:${blocker.port} (EADDRINUSE)`)
    expect(counts.disposals).toBe(1)
  })
})

describe("serve over stdio", () => {
  it("closes, with its app, when its input ends", async () => {
    const { app, counts } = fakeApp()
    const input = new PassThrough()
    const serving = await serveApp(app, { stdio: { input, output: new PassThrough() }, ...quiet })
    expect([serving.url, serving.port]).toEqual([undefined, undefined])
    input.end()
    await serving.closed
    expect(counts.disposals).toBe(1)
  })
})

describe("serve", () => {
  it("installs signal handlers for as long as something is served", async () => {
    const before = handlers()
    const servings = await Promise.all([1, 2].map(() => serveApp(fakeApp().app, { http: { port: 0 }, gracePeriod: 0 })))
    expect(handlers()).toBe(before + 2)
    await servings[0]!.close()
    expect(handlers()).toBe(before + 2)
    await servings[1]!.close()
    expect(handlers()).toBe(before)
  })

  it("rejects with the layer's message where the app does not start and signals are not its business", async () => {
    const { app, counts } = fakeApp(fakePorts(), () => {
      throw new Error("db is down")
    })
    const failed = serveApp(app, { http: { port: 0 }, ...quiet })
    await expect(failed).rejects.toThrow("The server did not start: db is down")
    await expect(failed).rejects.toBeInstanceOf(ServeError)
    expect(counts.disposals).toBe(1)
  })

  it.each([
    [{ gracePeriod: -1 }, "Option `gracePeriod` is -1: use an integer from 0 to 2147483647."],
    [{ signals: "no" as never }, 'Option `signals` is "no": use true or false.'],
    [{ http: { port: -1 } }, "Option `port` is -1: use an integer from 0 to 65535."],
    [{ http: true as never }, "Option `http` is true: use an object, such as { port: 3000 }."],
    [{ transport: {} as never }, "Option `transport` is no transport"],
    [{ stdio: { maxDepth: 0 } }, "Option `maxDepth` is 0"],
    [{ http: {}, stdio: {} }, "Options `http` and `stdio` exclude each other"],
    [{ port: 3000 } as never, "Option `port` is one of HTTP: write serve(server, { http: { port } })."],
    [
      { prot: 3000 } as never,
      "There is no option `prot`; there are http, transport, stdio, signals, gracePeriod, dev,"
    ],
    [{ http: { authentcate: () => undefined } as never }, "There is no option `http.authentcate`; there are path,"],
    [{ stdio: { maxBodyBytes: 1 } as never }, "There is no option `stdio.maxBodyBytes`; there are input, output,"]
  ])("refuses %j before anything starts", async (options, message) => {
    const { app, counts } = fakeApp()
    await expect(serveApp(app, options)).rejects.toThrow(message)
    expect(counts.starts).toBe(0)
  })
})

describe("serveAppScoped", () => {
  it("serves as long as its scope, without touching signals", async () => {
    const { app, counts } = fakeApp()
    const before = handlers()
    const program = Effect.scoped(
      Effect.flatMap(serveAppScoped(app, { http: { port: 0 }, gracePeriod: 0 }), (serving) =>
        Effect.promise(async () => [handlers(), (await send(serving.port!, { body: echo })).status, counts.disposals])
      )
    )
    expect(await Effect.runPromise(program)).toEqual([before, 200, 0])
    expect(counts.disposals).toBe(1)
  })

  it("fails with a ServeError", async () => {
    const failure = await Effect.runPromise(
      Effect.scoped(Effect.flip(serveAppScoped(fakeApp().app, { gracePeriod: 0.5 })))
    )
    expect(failure).toBeInstanceOf(ServeError)
    expect(failure.message).toContain("gracePeriod")
  })
})
