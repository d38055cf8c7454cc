import {
  assemble,
  ClientLog,
  Effect,
  middleware,
  Principal,
  Progress,
  prompt,
  RequestContext,
  resource,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { type CallOptions, runCall } from "../../lib/runtime/run-call.ts"
import { gate } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })

/** A started app, and how to call its components by id. */
const started = async (s: AnyServer) => {
  const app = assemble(s as never)
  const ready = await app["~mcpipe/App"].running()
  return {
    fork: (options: CallOptions) => Effect.runFork(runCall(ready, options)),
    call: (options: CallOptions) => Effect.runPromise(runCall(ready, options)),
    dispose: app.dispose,
    [Symbol.asyncDispose]: app.dispose
  }
}

const add = tool({ name: "add", input: { a: v.number(), b: v.number() } }, ({ a, b }) => a + b)
const greet = prompt({ name: "greet", args: { name: v.string() } }, ({ name }) => `Greet ${name}.`)

describe("a call by id", () => {
  it("reaches each type of component, under the path it is mounted at", async () => {
    const inner = server(info("inner")).add(
      greet,
      resource({ uri: "config://app" }, () => "config")
    )
    const outer = server(info("outer")).add(
      tool({ name: "add", version: "2" }, () => "version 2"),
      resource({ uri: "user://{id}" }, ({ id }) => `user ${id}`)
    )
    await using app = await started(server(info("root")).add(add).mount("x", outer.mount("y", inner)))
    expect(await app.call({ component: "tool:add@", input: { a: 1, b: 2 } })).toMatchObject({
      type: "value",
      value: { content: [{ type: "text", text: "3" }] }
    })
    expect(await app.call({ component: "x/tool:add@2" })).toMatchObject({ value: { content: [{ text: "version 2" }] } })
    expect(await app.call({ component: "x/resource:user://{id}@", input: "user://x/7" })).toEqual({
      type: "value",
      value: [{ uri: "user://x/7", mimeType: "text/plain", text: "user 7" }]
    })
    expect(await app.call({ component: "x/y/resource:config://app@" })).toMatchObject({
      value: [{ uri: "config://x/y/app", text: "config" }]
    })
    expect(await app.call({ component: "x/y/prompt:greet@", input: { name: "Ada" } })).toMatchObject({
      value: { messages: [{ role: "user", content: { text: "Greet Ada." } }] }
    })
  })

  it("that no component has fails with that id", async () => {
    await using app = await started(server(info("s")).add(add))
    for (const component of ["tool:nope@", "add", "x/tool:add@", "tool:add@1", "__proto__", ""]) {
      const exit = await Effect.runPromise(Effect.exit(Fiber.join(app.fork({ component }))))
      const error = new RangeError(`There is no component ${JSON.stringify(component)} in this app.`)
      expect(exit).toEqual(Exit.fail(error))
    }
  })

  it("validates its input as if a client had sent it", async () => {
    await using app = await started(server(info("s")).add(add, greet))
    expect(await app.call({ component: "tool:add@", input: { a: "1", b: 2 } })).toMatchObject({
      type: "value",
      value: {
        isError: true,
        content: [{ text: 'Invalid arguments for tool "add":\n- a: expected number, received "1"' }]
      }
    })
    expect(await app.call({ component: "prompt:greet@" })).toMatchObject({
      type: "failure",
      failure: {
        type: "public",
        message: 'Invalid arguments for prompt "greet":\n- name: expected string, received nothing'
      }
    })
  })

  it("runs with all middleware around it, request hooks included, which see its method and name", async () => {
    const seen: Array<string> = []
    const watch = middleware({
      *request(next, { method, name }) {
        const outcome = yield* next
        seen.push(`${method} ${name} ${outcome.outcome}`)
        return outcome
      },
      callTool: (next, call) => next({ ...call, args: { ...call.args, b: 40 } })
    })
    await using app = await started(
      server(info("root"))
        .use(watch)
        .mount("c", server(info("child")).add(add))
    )
    expect(await app.call({ component: "c/tool:add@", input: { a: 2, b: 2 } })).toMatchObject({
      value: { content: [{ text: "42" }] }
    })
    expect(seen).toEqual(["tools/call c_add complete"])
  })

  it("answers what goes wrong in a handler, and fails with none of it", async () => {
    const sad = tool({ name: "sad" }, () => Effect.fail(new ToolError("sold out")))
    await using app = await started(server(info("s")).add(sad))
    expect(await app.call({ component: "tool:sad@" })).toMatchObject({
      type: "value",
      value: { isError: true, content: [{ text: "sold out" }] }
    })
  })
})

describe("a call that nobody's wire carries", () => {
  const tell = tool({ name: "tell" }, function* () {
    yield* Progress.report(1, 2, "half")
    yield* ClientLog.log("debug", "fine", "part")
    yield* ClientLog.log("error", { disk: "full" })
    const { method, meta, http, client, component } = yield* RequestContext
    const { id } = yield* Principal
    return { method, meta, http: http === undefined, client, component, id }
  })
  const structured = (answer: any) => answer.value.structuredContent

  it("is anonymous, without metadata, and talks to nobody", async () => {
    await using app = await started(server(info("s")).add(tell))
    expect(structured(await app.call({ component: "tool:tell@" }))).toEqual({
      method: "tools/call",
      meta: {},
      http: true,
      client: { info: undefined, capabilities: {} },
      component: { type: "tool", name: "tell", version: undefined },
      id: "anonymous"
    })
  })

  it("is made for the principal and with the metadata it is given", async () => {
    await using app = await started(server(info("s")).add(tell))
    const principal = { id: "ada", anonymous: false, scopes: [], claims: {} }
    expect(structured(await app.call({ component: "tool:tell@", principal, meta: { trace: 1 } }))).toMatchObject({
      id: "ada",
      meta: { trace: 1 }
    })
  })

  it("sends progress and log messages to its sinks, the latter from the level asked for", async () => {
    await using app = await started(server(info("s")).add(tell))
    const seen: Array<unknown> = []
    const sinks = {
      progress: (...report: ReadonlyArray<unknown>) => void seen.push(report),
      log: (...message: ReadonlyArray<unknown>) => void seen.push(message)
    }
    await app.call({ component: "tool:tell@", sinks })
    expect(seen.splice(0)).toEqual([
      [1, 2, "half"],
      ["debug", "fine", "part"],
      ["error", { disk: "full" }, undefined]
    ])
    await app.call({ component: "tool:tell@", sinks: { ...sinks, logLevel: "warning" } })
    expect(seen).toEqual([
      [1, 2, "half"],
      ["error", { disk: "full" }, undefined]
    ])
  })
})

describe("interrupting a call by id", () => {
  it("interrupts its handler, and is over once the finalizers are", async () => {
    const running = gate()
    const finish = gate()
    const log: Array<string> = []
    const hold = tool({ name: "hold" }, (_, { defer }) => {
      defer(async () => {
        await finish.opened
        log.push("cleaned")
      })
      running.open()
      return Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("interrupted")))
    })
    await using app = await started(server(info("s")).add(hold))
    const fiber = app.fork({ component: "tool:hold@" })
    await running.opened
    const over = Effect.runPromise(Fiber.interrupt(fiber)).then(() => log.push("over"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(log).toEqual(["interrupted"])
    finish.open()
    await over
    expect(log).toEqual(["interrupted", "cleaned", "over"])
    expect(Exit.hasInterrupts(await Effect.runPromise(Fiber.await(fiber)))).toBe(true)
  })

  it("while its scope closes waits for the rest of it", async () => {
    const closing = gate()
    const finish = gate()
    const log: Array<string> = []
    const quick = tool({ name: "quick" }, (_, { defer }) => {
      defer(async () => {
        closing.open()
        await finish.opened
        log.push("cleaned")
      })
      return "done"
    })
    await using app = await started(server(info("s")).add(quick))
    const fiber = app.fork({ component: "tool:quick@" })
    await closing.opened
    const over = Effect.runPromise(Fiber.interrupt(fiber)).then(() => log.push("over"))
    await new Promise((resolve) => setImmediate(resolve))
    expect(log).toEqual([])
    finish.open()
    await over
    expect(log).toEqual(["cleaned", "over"])
  })

  it("by disposing of the app is an answer, not an interruption of its caller", async () => {
    const running = gate()
    const hold = tool({ name: "hold" }, () => {
      running.open()
      return Effect.never
    })
    await using app = await started(server(info("s")).add(hold))
    const answer = app.call({ component: "tool:hold@" })
    await running.opened
    await app.dispose()
    expect(await answer).toEqual({ type: "failure", failure: { type: "interrupted" } })
  })
})
