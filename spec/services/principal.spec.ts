import { Effect, Principal } from "mcpipe"
import { describe, expect, it } from "vitest"

const whoami = Effect.map(Principal, (principal) => principal)
const as = (fields?: Parameters<typeof Principal.layerTest>[0]) =>
  Effect.runPromise(Effect.provide(whoami, Principal.layerTest(fields)))

describe("Principal.layerTest", () => {
  it("is the anonymous principal unless told otherwise", async () => {
    expect(await as()).toEqual({ id: "anonymous", anonymous: true, scopes: [], claims: {} })
  })

  it("is somebody once it has an id, with what else is given", async () => {
    expect(await as({ id: "ada" })).toEqual({ id: "ada", anonymous: false, scopes: [], claims: {} })
    expect(await as({ id: "ada", scopes: ["read"], claims: { iss: "x" } })).toEqual({
      id: "ada",
      anonymous: false,
      scopes: ["read"],
      claims: { iss: "x" }
    })
    expect((await as({ scopes: ["read"] })).anonymous).toBe(true)
  })
})
