import { expect, it } from "vitest"
import { orphaned, unread } from "./lonely.ts"
import { abused, calling } from "./process.ts"

it("what handlers print goes to stderr, and answers alone to stdout", async () => {
  await using child = await abused("stdio")
  await child.request(calling(1, "print"))
  const answer = await child.request(calling(2, "echo", { text: "ok" }))
  expect(answer.result.content).toEqual([{ type: "text", text: "ok" }])
  child.end()
  expect((await child.ended()).code).toBe(0)
  for (const line of child.stdout().trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("jsonrpc", "2.0")
  expect(child.stderr()).toContain("a stray line\nanother")
})

it("a line of 100 MB is refused once, and memory is not what it was sent", async () => {
  await using child = await abused("stdio")
  const before = (await child.request(calling(1, "look"))).result.structuredContent
  const chunk = Buffer.alloc(1_000_000, "x")
  for (let sent = 0; sent < 100; sent++) child.write(chunk)
  child.write("\n")
  const refused = await child.message(({ error }) => error !== undefined)
  expect(refused).toEqual({
    jsonrpc: "2.0",
    error: { code: -32700, message: "The line is longer than 4194304 bytes, the most this server reads." }
  })
  const after = (await child.request(calling(2, "look"))).result.structuredContent
  expect(after.rss - before.rss).toBeLessThan(60 * 1_048_576)
})

it("half a line at the end is answered as what it is, and the process ends", async () => {
  await using child = await abused("stdio")
  child.write('{"jsonrpc":"2.0","id":1,"method":"pi')
  child.end()
  expect(await child.ended()).toEqual({ code: 0, signal: null })
  expect(JSON.parse(child.stdout())).toMatchObject({ error: { code: -32700 } })
  expect(child.stderr().match(/"closed"/g)).toHaveLength(2)
})

it("a server whose parent is killed ends, its calls interrupted and its layers closed", async () => {
  const said = await orphaned()
  expect(said.match(/"finalized":1/g)).toHaveLength(1)
  expect(said.match(/"closed"/g)).toHaveLength(2)
})

it("a server whose output nobody reads any more (EPIPE) ends, its calls interrupted and its layers closed", async () => {
  const [said, code] = await unread()
  expect(code).toBe(0)
  expect(said.match(/"finalized":1/g)).toHaveLength(1)
  expect(said.match(/"closed"/g)).toHaveLength(2)
})
