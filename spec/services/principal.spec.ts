import { Effect, Layer, middleware, Principal, server, toFetchHandler, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { A } from "../kit/services.ts"
import { connectWire } from "../kit/wire.ts"

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

describe("Principal", () => {
  const info = (name: string) => ({ name, version: "1.0.0" })
  const child = server(info("child"))
    .tool(tool({ name: "who", uses: { principal: Principal, a: A } }, (_, { principal, a }) => [principal.id, a.value]))
    .provide(Layer.succeed(A, { value: "child" }))
  const root = server(info("root"))
    .mount("c", child)
    .use(middleware({ callTool: (next, call) => next(call) }))

  it("is whom authenticate let in, in a mounted server too, for each request anew", async () => {
    const handler = toFetchHandler(root, {
      authenticate: (head) => ({ id: head.headers.get("authorization") ?? "nobody" })
    })
    const who = async (name: string) => {
      const response: Response = await handler(
        new Request("http://localhost/mcp", {
          method: "POST",
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "c_who" } }),
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            "mcp-protocol-version": "2025-11-25",
            authorization: name
          }
        })
      )
      const { result } = (await response.json()) as any
      return JSON.parse(result.content[0].text)
    }
    expect(await Promise.all([who("ada"), who("grace")])).toEqual([
      ["ada", "child"],
      ["grace", "child"]
    ])
    await handler.dispose()
  })

  it("is anonymous where nobody asks, in a mounted server too", async () => {
    await using wire = await connectWire(root)
    expect(JSON.parse(await wire.text("c_who"))).toEqual(["anonymous", "child"])
  })
})
