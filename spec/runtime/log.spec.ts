import { expect, it } from "vitest"
import { start } from "../kit/spawn.ts"
import { envelope } from "../kit/wire.ts"

it("writes all logs of handlers, and the whole of what it masks, to stderr: stdout holds answers alone", async () => {
  await using child = start("spec/runtime/log.fixture.ts")
  const call = (id: number, name: string) =>
    child.request({ jsonrpc: "2.0", id, method: "tools/call", params: { name, _meta: envelope() } })
  expect((await call(1, "t")).result.content).toEqual([])
  expect((await call(2, "g")).result.content[0].text).toBe("ok")
  const masked = (await call(3, "broken")).result.content[0].text
  const [, reference] = /^Internal error \(reference ([0-9a-f]{8})\)$/.exec(masked)!
  child.end()
  expect(await child.ended()).toEqual({ code: 0, signal: null })
  const lines = child.stdout().trimEnd().split("\n")
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([1, 2, 3])
  for (const text of ["logged in run", "logged by a handler", "an error by a handler", "printed by a handler"]) {
    expect(child.stderr()).toContain(text)
  }
  expect(child.stderr()).toMatch(new RegExp(`tool "broken" failed \\(reference ${reference}\\)[\\s\\S]*secret 42`))
})
