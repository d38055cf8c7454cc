import { expect, it } from "vitest"
import { mebibytes, scaled, told } from "./figures.ts"
import { times } from "./load.ts"
import { orphaned, unread } from "./lonely.ts"
import { abused, calling, type Look } from "./process.ts"

const timeout = 20 * 60_000

it("lines of 100 MB are refused, and memory is not what was sent", { timeout }, async () => {
  await using child = await abused("stdio", {}, { deadline: timeout })
  const count = scaled(20)
  const chunk = Buffer.alloc(1_000_000, "x")
  const lookAt = async (id: string): Promise<Look> =>
    (await child.request(calling(id, "look"))).result.structuredContent
  const before = await lookAt("before")
  let most = before.rss
  for (let n = 0; n < count; n++) {
    for (let sent = 0; sent < 100; sent++) child.write(chunk)
    child.write("\n")
    most = Math.max(most, (await lookAt(`look ${n}`)).rss)
  }
  const refused = child.stdout().match(/"code":-32700,"message":"The line is longer than 4194304 bytes/g)?.length
  told`R-19: ${count} lines of 100 MB, ${refused ?? 0} refused, a call answered after each; RSS +${mebibytes(most - before.rss)} MiB at most`
  expect(refused).toBe(count)
  expect(most - before.rss).toBeLessThan(60 * 1_048_576)
})

it("what handlers print never reaches stdout", { timeout }, async () => {
  await using child = await abused("stdio", {}, { deadline: timeout })
  const rounds = scaled(200)
  const count = 50 * rounds
  for (let round = 0; round < rounds; round++) {
    for (let n = 1; n < 50; n++) child.send(calling(`${round}.${n}`, "print"))
    await child.request(calling(`${round}`, "print"))
  }
  child.end()
  const { code } = await child.ended()
  const lines = child.stdout().trim().split("\n")
  const answers = lines.filter((line) => JSON.parse(line).result.content[0].text === "printed").length
  const strays = child.stderr().match(/a stray line/g)?.length
  told`R-19: ${count} calls that print to stdout, ${answers} of ${lines.length} lines there are answers; ${strays ?? 0} stray lines on stderr; exit ${`${code}`}`
  expect([answers, lines.length, strays, code]).toEqual([count, count, count, 0])
})

it("processes that are left alone end by themselves", { timeout }, async () => {
  const count = scaled(20)
  const ended = { half: 0, orphaned: 0, unread: 0 }
  const isClean = (said: string) => said.match(/"closed"/g)?.length === 2 && said.match(/"finalized":1/g)?.length === 1
  await times(count, 2, async () => {
    await using child = await abused("stdio", {}, { deadline: 60_000 })
    child.write('{"jsonrpc":"2.0","id":1,"method":"pi')
    child.end()
    const { code } = await child.ended()
    if (code === 0 && JSON.parse(child.stdout()).error.code === -32700) ended.half++
  })
  await times(count, 2, async () => {
    if (isClean(await orphaned())) ended.orphaned++
  })
  await times(count, 2, async () => {
    const [said, code] = await unread()
    if (code === 0 && isClean(said)) ended.unread++
  })
  told`R-19: of ${count} processes each, ${ended.half} ended after half a line, ${ended.orphaned} after their parent was killed, ${ended.unread} after nobody read their output (EPIPE), calls interrupted and layers closed`
  expect(ended).toEqual({ half: count, orphaned: count, unread: count })
})
