import { assemble, Effect, server } from "mcpipe"
import { expect, it, onTestFinished, vi } from "vitest"
import { adapters, httpPeer } from "../kit/http-peer.ts"
import { replicas } from "../kit/replicas.ts"
import { gate } from "../kit/wire.ts"

it.each(adapters)("DELETE over %s is not answered 200 while the store still has the session", async (adapter) => {
  let down = false
  const back = gate()
  let access: Effect.Effect<void> = Effect.promise(() => back.opened)
  const { layer } = replicas({
    before: () => Effect.suspend(() => (down ? access : Effect.void))
  })
  const app = assemble(server({ name: "s", version: "1" }).provide(layer))
  await using peer = await httpPeer(adapter, app)
  const session = await peer.begin()
  down = true
  let answered = false
  const slow = session.end().finally(() => {
    answered = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(answered).toBe(false)
  back.open()
  expect((await slow).status).toBe(200)

  down = false
  const other = await peer.begin()
  const log = vi.spyOn(console, "error").mockImplementation(() => {})
  const told = vi.spyOn(console, "log").mockImplementation(() => {})
  onTestFinished(() => {
    log.mockRestore()
    told.mockRestore()
  })
  down = true
  access = Effect.die(new Error("ECONNREFUSED secret"))
  const failed = await other.end()
  const text = await failed.text()
  expect([failed.status, JSON.parse(text).error.code]).toEqual([500, -32603])
  expect(text).not.toContain("secret")
  // tried again, it finds what the store still has
  expect((await other.end()).status).toBe(500)
  down = false
  expect((await other.end()).status).toBe(200)
  expect((await other.end()).status).toBe(404)
})
