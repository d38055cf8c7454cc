import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { ToolError } from "../../lib/builder/errors.ts"
import { Sampling } from "../../lib/services/sampling.ts"
import { ModelFailed } from "../../lib/services/sampling-errors.ts"
import type { SamplingModel } from "../../lib/services/sampling-model.ts"
import { failed, fakeAsks, succeeded } from "../kit/fake-asks.ts"

const client = () => ({ role: "assistant", model: "client", content: { type: "text", text: "client" } })
const withModel =
  (layer: Layer.Layer<SamplingModel>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, layer)

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "log").mockImplementation(() => {})
})

describe("Sampling.model", () => {
  it("answers where the client has no model, and is not asked where it has", async () => {
    const model = withModel(Sampling.model(() => "server"))
    const fake = fakeAsks({ client })
    expect(succeeded(await fake.run(model(Sampling.text("Hi"))))).toBe("client")
    const without = fakeAsks({ capabilities: {} })
    expect(succeeded(await without.run(model(Sampling.text("Hi"))))).toBe("server")
    expect(without.asked).toEqual([])
  })

  it("answers where the client's model cannot do what is asked", async () => {
    const model = withModel(Sampling.model(() => ({ content: "server", model: "mine" })))
    const fake = fakeAsks({ client, capabilities: { sampling: {} } })
    const tools = [{ name: "add", inputSchema: { type: "object" } }]
    expect(succeeded(await fake.run(model(Sampling.message({ prompt: "Hi", tools })))).model).toBe("mine")
    expect(succeeded(await fake.run(model(Sampling.message({ prompt: "Hi" })))).model).toBe("client")
  })

  it("with `always`, answers in the client's place", async () => {
    const fake = fakeAsks({ client })
    const model = withModel(Sampling.model(() => "server", { when: "always" }))
    expect(succeeded(await fake.run(model(Sampling.text("Hi"))))).toBe("server")
    expect(fake.asked).toEqual([])
  })

  it("gets the request in the words of the protocol, each message's content in an array", async () => {
    const seen: Array<unknown> = []
    const model = withModel(
      Sampling.model(async (request) => {
        seen.push(request)
        return "server"
      })
    )
    await fakeAsks({ capabilities: {} }).run(model(Sampling.text("Hi", { system: "Be brief." })))
    expect(seen).toEqual([
      {
        messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
        maxTokens: 1024,
        systemPrompt: "Be brief."
      }
    ])
  })

  it("may be an Effect that needs services of the server", async () => {
    class Key extends Context.Service<Key, string>()("spec/Key") {}
    const model = Sampling.model(() => Effect.map(Key, (key) => `asked with ${key}`))
    const provided = Layer.provide(model, Layer.succeed(Key, "k"))
    expect(succeeded(await fakeAsks({ capabilities: {} }).run(withModel(provided)(Sampling.text("Hi"))))).toBe(
      "asked with k"
    )
  })

  it("is asked once along the rounds of a call, and anew for each equal question of one round", async () => {
    let calls = 0
    const model = withModel(Sampling.model(() => `${++calls}`))
    const all = model(
      Effect.all([Sampling.text("Hi"), Sampling.text("Hi"), Sampling.text("Ho")], { concurrency: "unbounded" })
    )
    const journal = new Map<string, string>()
    for (let round = 0; round < 2; round++) {
      const fake = fakeAsks({ capabilities: {}, journal })
      expect(succeeded(await fake.run(all))).toEqual(["1", "2", "3"])
      expect(fake.ran).toHaveLength(round === 0 ? 3 : 0)
    }
    expect(calls).toBe(3)
    expect([...journal.keys()].every((name) => /^model:[\w-]{16}(:2)?$/.test(name))).toBe(true)
  })

  it("is recorded under the key of a question that has one", async () => {
    const fake = fakeAsks({ capabilities: {} })
    await fake.run(withModel(Sampling.model(() => "server"))(Sampling.text("Hi", { key: "greet" })))
    expect(fake.ran).toEqual(["model:greet"])
  })

  it.each<[string, () => any, boolean]>([
    [
      "throws",
      () => {
        throw new Error("key sk-123 is wrong")
      },
      true
    ],
    ["rejects", () => Promise.reject(new Error("key sk-123 is wrong")), true],
    ["dies", () => Effect.die(new Error("key sk-123 is wrong")), true],
    ["gives no answer", () => ({ reply: "sk-123" }), true],
    ["fails with what clients may see", () => Effect.fail(new ToolError("Out of credit.")), false]
  ])("logs how it failed when it %s, and tells clients no more than they may know", async (_, answer, masked) => {
    const error = failed(
      await fakeAsks({ capabilities: {} }).run(withModel(Sampling.model(answer))(Sampling.text("Hi")))
    )
    expect(error).toBeInstanceOf(ModelFailed)
    expect(error.message).toBe(
      `The model did not answer: ${masked ? "its reason is in the server's log." : "Out of credit."}`
    )
    expect(log).toHaveBeenCalledTimes(1)
  })

  it("refuses what is no function, and no way of asking", () => {
    expect(() => Sampling.model("server" as never)).toThrow("Sampling.model: give a function")
    expect(() => Sampling.model(() => "a", { when: "never" as never })).toThrow(
      'Sampling.model: when is "never"; it must be "fallback" or "always".'
    )
  })
})
