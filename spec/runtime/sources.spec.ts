import {
  assemble,
  type Change,
  Changes,
  Context,
  Effect,
  Layer,
  LifespanError,
  middleware,
  prompt,
  resource,
  server,
  tool
} from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Source, source } from "../../lib/builder/source.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, gate, type Wire } from "../kit/wire.ts"

const info = (name = "main") => ({ name, version: "1.0.0" })
const named = (name: string, text = name) => tool({ name }, () => text)

const toolsOf = async (wire: Wire) => (await wire.request("tools/list")).result.tools.map(({ name }: any) => name)

/** Settles once a source's change is in the catalogue: each change of an app that is made here changes a list. */
const changed = async (app: ReturnType<typeof assemble>) => {
  const running = await app["~mcpipe/App"].running()
  return new Promise<Change>((resolve) => {
    const stop = running.onChange((change) => {
      stop()
      resolve(change)
    })
  })
}

/** What was logged meanwhile. */
let logged: Array<string>

beforeEach(() => {
  logged = []
  vi.spyOn(console, "error").mockImplementation((...args) => void logged.push(args.join(" ")))
})
afterEach(() => void vi.restoreAllMocks())

/** Settles once something was logged that fits. */
const log = (fits: RegExp) => vi.waitFor(() => expect(logged.join("\n")).toMatch(fits), { interval: 5 })

describe("a source", () => {
  it("gives its components beside the builder's, from the start on", async () => {
    const given = source({
      load: async () => [
        named("loaded"),
        resource({ uri: "doc://loaded" }, () => "text"),
        prompt({ name: "asked" }, () => "hello")
      ]
    })
    await using wire = await connectWire(server(info()).tool(named("built")).source(given))
    expect(await toolsOf(wire)).toEqual(["built", "loaded"])
    expect(await wire.text("loaded")).toBe("loaded")
    expect((await wire.request("resources/read", { uri: "doc://loaded" })).result.contents[0].text).toBe("text")
    expect((await wire.request("prompts/get", { name: "asked" })).result.messages).toHaveLength(1)
  })

  it.each([
    ["a value", source({ load: () => [named("t")] })],
    ["an Effect", source({ load: Effect.succeed([named("t")]) })],
    [
      "a generator",
      source({
        load: function* () {
          yield* Effect.yieldNow
          return [named("t")]
        }
      })
    ]
  ])("loads from %s too", async (_, given) => {
    await using wire = await connectWire(server(info()).source(given))
    expect(await toolsOf(wire)).toEqual(["t"])
  })

  it("may bring and take components while calls are in flight, which keep theirs", async () => {
    const started = gate()
    const go = gate()
    const slow = tool({ name: "slow" }, async () => {
      started.open()
      await go.opened
      return "slow from before"
    })
    const plugins = shelf({ holds: [slow] })
    const app = assemble(server(info()).source(plugins.source))
    await using wire = await connectWire(app)
    const inFlight = wire.text("slow")
    await started.opened
    const change = changed(app)
    plugins.put(named("new"))
    expect(await change).toEqual({ type: "catalogue-changed", generation: 2, kinds: ["tools"] })
    expect(await toolsOf(wire)).toEqual(["new"])
    expect((await wire.request("tools/call", { name: "slow" })).error.code).toBe(-32602)
    go.open()
    expect(await inFlight).toBe("slow from before")
    await app.dispose()
  })

  it("is loaded once for a burst of notices, and once more for those that come while it loads", async () => {
    const go = gate()
    let wait: Promise<void> | undefined
    const plugins = shelf({ holds: [named("a")], onLoad: () => wait })
    const app = assemble(server(info()).source(plugins.source))
    await using wire = await connectWire(app)
    expect(plugins.loads()).toBe(1)
    wait = go.opened
    for (let n = 0; n < 100; n++) plugins.put(named(`b${n}`))
    await vi.waitFor(() => expect(plugins.loads()).toBe(2), { interval: 1 })
    for (let n = 0; n < 100; n++) plugins.put(named(`c${n}`))
    const change = changed(app)
    go.open()
    await change
    await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(["c99"]), { interval: 5 })
    expect(plugins.loads()).toBe(3)
    await app.dispose()
  })

  it("is loaded again for a notice that came while the app started", async () => {
    const held = { tools: [named("early")] }
    let loads = 0
    const given = source({
      load: async () => {
        const now = held.tools
        if (++loads === 1) {
          held.tools = [named("late")]
          notify()
        }
        return now
      },
      changes: (tell) => {
        notify = tell
      }
    })
    let notify = () => {}
    await using wire = await connectWire(server(info()).source(given))
    await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(["late"]), { interval: 5 })
    expect(loads).toBe(2)
  })

  it("keeps what it had where it fails to load again, and logs why once, until it has succeeded", async () => {
    const plugins = shelf({ name: "plugins", holds: [named("a")] })
    const app = assemble(server(info()).source(plugins.source))
    await using wire = await connectWire(app)
    const down = new Error("no such folder")
    plugins.fail(down)
    await log(/source "plugins": it could not be loaded: no such folder/)
    plugins.notify()
    await vi.waitFor(() => expect(plugins.loads()).toBe(3), { interval: 1 })
    plugins.put(named("b"))
    await vi.waitFor(() => expect(plugins.loads()).toBe(4), { interval: 1 })
    expect(await toolsOf(wire)).toEqual(["a"])
    expect(logged.filter((text) => text.includes("no such folder"))).toHaveLength(1)
    const change = changed(app)
    plugins.fail(undefined)
    await change
    expect(await toolsOf(wire)).toEqual(["b"])
    plugins.fail(down)
    await vi.waitFor(() => expect(logged.filter((text) => text.includes("no such folder"))).toHaveLength(2))
    await app.dispose()
  })

  it("keeps what it had where what it gives now collides, or is of no kind that it announced", async () => {
    const plugins = shelf({ name: "plugins", kinds: ["tools"], holds: [named("a")] })
    await using wire = await connectWire(server(info()).tool(named("built")).source(plugins.source))
    plugins.put(named("b"), named("built"))
    await log(/Two tools are called "built"; both are in server "main"/)
    plugins.put(
      named("b"),
      prompt({ name: "p" }, () => "")
    )
    await log(/load gave the prompt "p", but its kinds are tools: add "prompts" to them/)
    plugins.put(named("b"), "nonsense" as never)
    await log(/load gave "nonsense" at index 1, which is no tool, resource or prompt/)
    expect(await toolsOf(wire)).toEqual(["built", "a"])
  })

  it("lets a name move to another source, whichever of the two is loaded first", async () => {
    const [one, two] = [shelf({ holds: [named("moving")] }), shelf({ holds: [named("staying")] })]
    const app = assemble(server(info()).source(one.source).source(two.source))
    await using wire = await connectWire(app)
    two.put(named("staying"), named("moving", "from two"))
    await log(/Two tools are called "moving"/)
    expect(await wire.text("moving")).toBe("moving")
    const change = changed(app)
    one.put(named("other"))
    await change
    expect(await toolsOf(wire)).toEqual(["other", "staying", "moving"])
    expect(await wire.text("moving")).toBe("from two")
    await app.dispose()
  })

  it("tells of a change only where a list is another, and leaves cursors alone where none is", async () => {
    const plugins = shelf({ holds: [named("a"), named("b")] })
    const app = assemble(server({ ...info(), pageSize: 1 }).source(plugins.source))
    await using wire = await connectWire(app)
    const running = await app["~mcpipe/App"].running()
    const seen: Array<Change> = []
    running.onChange((change) => seen.push(change))
    const { nextCursor } = (await wire.request("tools/list")).result
    plugins.put(named("a", "renewed"), named("b"))
    await vi.waitFor(async () => expect(await wire.text("a")).toBe("renewed"), { interval: 5 })
    expect((await wire.request("tools/list", { cursor: nextCursor })).result.tools[0].name).toBe("b")
    expect(seen).toEqual([])
    plugins.put(
      named("b"),
      prompt({ name: "p" }, () => "")
    )
    await vi.waitFor(() => expect(seen).toEqual([expect.objectContaining({ kinds: ["tools", "prompts"] })]))
    expect((await wire.request("tools/list", { cursor: nextCursor })).error.code).toBe(-32602)
    await app.dispose()
  })

  it("gives cursors that are good at every process which has loaded the same, whatever it had before", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => named(name))
    const one = shelf({ holds: [a!, b!, c!] })
    const other = shelf({ holds: [a!] })
    const [here, there] = [one, other].map(({ source }) => assemble(server({ ...info(), pageSize: 1 }).source(source)))
    await using near = await connectWire(here!)
    await using far = await connectWire(there!)
    for (const tools of [[b!], [c!], [a!, b!, c!]]) {
      const change = changed(there!)
      other.put(...tools)
      await change
    }
    const first = (await near.request("tools/list")).result
    const second = (await far.request("tools/list", { cursor: first.nextCursor })).result
    const third = (await near.request("tools/list", { cursor: second.nextCursor })).result
    expect([first, second, third].map(({ tools }) => tools[0].name)).toEqual(["a", "b", "c"])
    expect(third.nextCursor).toBe(undefined)
    const change = changed(there!)
    other.put(a!, c!, b!)
    await change
    expect((await far.request("tools/list", { cursor: first.nextCursor })).error.code).toBe(-32602)
    await here!.dispose()
    await there!.dispose()
  })

  it("tells of a change wherever middleware may make another list of it", async () => {
    const plugins = shelf({ holds: [tool({ name: "a", tags: ["old"] }, () => "")] })
    const byTags = middleware({ listTools: (next, call) => next(call) })
    const app = assemble(server(info()).use(byTags).source(plugins.source))
    await app.start()
    const change = changed(app)
    plugins.put(tool({ name: "a", tags: ["new"] }, () => ""))
    expect(await change).toMatchObject({ kinds: ["tools"] })
    await app.dispose()
  })
})

describe("a mounted server's source", () => {
  it("goes under the names, URIs and middleware of the mount", async () => {
    const plugins = shelf({ holds: [named("a"), resource({ uri: "doc://{id}" }, ({ id }) => id)] })
    const seen: Array<string> = []
    const hook = middleware({
      callTool: (next, call) => {
        seen.push(call.name)
        return next(call)
      }
    })
    const team = server(info("team")).use(hook).source(plugins.source)
    const app = assemble(server(info()).mount("x", server(info("inner")).mount("team", team)))
    await using wire = await connectWire(app)
    expect(await wire.text("x_team_a")).toBe("a")
    const change = changed(app)
    plugins.put(
      named("b"),
      resource({ uri: "doc://{id}" }, ({ id }) => `read ${id}`)
    )
    await change
    expect(await wire.text("x_team_b")).toBe("b")
    const read = await wire.request("resources/read", { uri: "doc://x/team/7" })
    expect(read.result.contents[0]).toMatchObject({ uri: "doc://x/team/7", text: "read 7" })
    expect(seen).toEqual(["a", "b"])
    await app.dispose()
  })

  it("is loaded for each mount, in the context of that place", async () => {
    class Where extends Context.Service<Where, string>()("spec/Where") {}
    const told: Array<string> = []
    const given = source({
      load: Effect.gen(function* () {
        const where = yield* Where
        yield* (yield* Changes).resourceUpdated(`doc://${where}`)
        return [named(where)]
      })
    })
    const listening = Layer.effectDiscard(
      Effect.flatMap(Changes, ({ listen }) =>
        listen((change) => void told.push(change.type === "resource-updated" ? change.ref.uri : change.type))
      )
    )
    const team = (where: string) => server(info(where)).source(given).provide(Layer.succeed(Where, where))
    const main = server(info()).mount("one", team("here")).mount("two", team("there")).provide(listening)
    await using wire = await connectWire(main)
    expect(await toolsOf(wire)).toEqual(["one_here", "two_there"])
    expect(told.sort()).toEqual(["doc://one/here", "doc://two/there"])
  })
})

describe("an app whose source fails", () => {
  const failure = async (given: Source) => {
    const error = await assemble(server(info()).source(given))
      .start()
      .catch((error) => error)
    expect(error).toBeInstanceOf(LifespanError)
    expect(error.reason).toBe("source-failed")
    return error.message
  }

  it("to load does not start, and says which", async () => {
    const load = async () => Promise.reject(new Error("disk on fire"))
    expect(await failure(source({ name: "plugins", load }))).toBe(
      'server "main": the source "plugins" could not be loaded: disk on fire'
    )
    expect(await failure(source({ load: Effect.fail("down") }))).toBe(
      'server "main": the source "source" could not be loaded: down'
    )
    expect(await failure(source({ load: (() => "nothing") as never }))).toBe(
      'server "main": the source "source" could not be loaded: load must give an array of components, not "nothing".'
    )
  })

  it("to watch does not start either, and releases what watched already", async () => {
    const plugins = shelf()
    const broken = source({
      load: () => [],
      changes: () => {
        throw new Error("no inotify")
      }
    })
    await expect(assemble(server(info()).source(plugins.source).source(broken)).start()).rejects.toThrow(
      'the source "source" could not be watched: no inotify'
    )
    expect(plugins.watched()).toBe(0)
  })

  it("by a collision does not start, and names both sides", async () => {
    expect(await failure(source({ load: () => [named("a"), named("a")] }))).toBe(
      'The components that sources gave do not fit together: Two tools are called "a"; both are in server "main". Rename or remove one of them.'
    )
  })

  it("can be started again", async () => {
    let broken = true
    const given = source({ load: async () => (broken ? Promise.reject(new Error("not yet")) : [named("a")]) })
    const app = assemble(server(info()).source(given))
    await expect(app.start()).rejects.toThrow("not yet")
    broken = false
    await using wire = await connectWire(app)
    expect(await toolsOf(wire)).toEqual(["a"])
    await app.dispose()
  })
})

describe("the end of an app", () => {
  it("stops watching before the layers are released that were used for it, and interrupts a load", async () => {
    const events: Array<string> = []
    class Disk extends Context.Service<Disk, string>()("spec/Disk") {}
    const DiskLive = Layer.effect(
      Disk,
      Effect.acquireRelease(Effect.succeed("disk"), () => Effect.sync(() => void events.push("disk released")))
    )
    let loads = 0
    let notify = () => {}
    const loading = gate()
    const given = source({
      load: Effect.suspend(() => {
        if (++loads === 1) return Effect.succeed([named("a")])
        loading.open()
        return Effect.onInterrupt(Effect.never, () => Effect.sync(() => void events.push("load interrupted")))
      }),
      changes: function* (tell) {
        const disk = yield* Disk
        notify = tell
        yield* Effect.addFinalizer(() => Effect.sync(() => void events.push(`${disk} unwatched`)))
      }
    })
    const app = assemble(server(info()).source(given).provide(DiskLive))
    await app.start()
    notify()
    await loading.opened
    await app.dispose()
    expect(events).toEqual(["disk unwatched", "load interrupted", "disk released"])
    notify()
    expect(loads).toBe(2)
  })
})
