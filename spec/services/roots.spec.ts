import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { AskRefused, ClientUnsupported } from "../../lib/services/ask-errors.ts"
import { Roots } from "../../lib/services/roots.ts"
import { failed, fakeAsks, succeeded } from "../kit/fake-asks.ts"

describe("Roots.list", () => {
  it("gives what the client answers, without what the protocol does not name", async () => {
    const roots = [{ uri: "file:///home/ada", name: "home", _meta: { a: 1 }, extra: true }, { uri: "FILE:///tmp" }]
    const fake = fakeAsks({ client: () => ({ roots }) })
    expect(succeeded(await fake.run(Roots.list))).toEqual([
      { uri: "file:///home/ada", name: "home", _meta: { a: 1 } },
      { uri: "FILE:///tmp" }
    ])
    expect(fake.asked).toEqual([{ method: "roots/list", params: {} }])
  })

  it.each([
    ["nothing", undefined],
    ["no list", { roots: {} }],
    ["a root that is no object", { roots: ["file:///a"] }],
    ["a root without a URI", { roots: [{ name: "a" }] }],
    ["a URI that is no file", { roots: [{ uri: "https://example.com" }] }],
    ["a name that is no string", { roots: [{ uri: "file:///a", name: 1 }] }],
    ["_meta that is no object", { roots: [{ uri: "file:///a", _meta: [] }] }]
  ])("takes %s for no answer, and asks again", async (_, answer) => {
    const fake = fakeAsks({ client: (_, nth) => (nth === 1 ? answer : { roots: [] }) })
    expect(succeeded(await fake.run(Roots.list))).toEqual([])
    expect(fake.asked).toHaveLength(2)
  })

  it("passes on how the client refused", async () => {
    const refused = new AskRefused("roots/list", "no.", -32000)
    const fake = fakeAsks({
      client: () => {
        throw refused
      }
    })
    expect(failed(await fake.run(Roots.list))).toBe(refused)
  })

  it("asks nothing of a client that did not declare roots, and says what it lacks", async () => {
    const fake = fakeAsks({ capabilities: { sampling: {} } })
    const error = failed(await fake.run(Roots.list))
    expect(error).toBeInstanceOf(ClientUnsupported)
    expect(error.requiredCapabilities).toEqual({ roots: {} })
    expect(error.message).toBe("Roots.list needs the client's roots; this client does not support that here.")
    expect(fake.asked).toEqual([])
  })

  it("where there is no one to ask, says where there is", async () => {
    expect(failed(await fakeAsks().runWithoutAsks(Roots.list)).message).toContain(
      "Roots.list asks the client, which is possible in tools, resources, prompts and the middleware inside of them"
    )
  })
})

it("Roots.layerTest answers without a server", async () => {
  const list = Effect.map(Roots.list, (roots) => roots.map(({ uri }) => uri))
  expect(await Effect.runPromise(Effect.provide(list, Roots.layerTest([{ uri: "file:///a" }])))).toEqual(["file:///a"])
})
