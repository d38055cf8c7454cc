import { expect, it } from "vitest"

// The benches run on the built package; here the same servers run on lib/, so that nothing has to be built first.
const execArgv = ["--conditions", "mcpipe-source", "--import", new URL("../tools/ts.mjs", import.meta.url).href]
const onlyChecks = {
  peers: true,
  warmUp: 0,
  rounds: 0,
  burst: 0,
  starts: 0,
  sittings: 1,
  execArgv,
  conditions: ["mcpipe-source"]
}

const load = (file: string): Promise<any> => import(new URL(file, import.meta.url).href)

it.each(["http", "session", "list", "in-process", "around", "asks", "fetch", "stdio", "cold-start"])(
  "every server of the %s bench gives the right answer, and ours the bytes of its floor",
  async (name) => {
    const { run } = await load(`./${name}.mjs`)
    const report = await run(onlyChecks)
    expect(report.rows).toEqual([])
  },
  60_000
)

it("a server with a wrong answer is not benched", async () => {
  const { checkCall, checkList } = await load("./workload.mjs")
  const answer = (text: string, id = 1) =>
    JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], resultType: "complete" } })
  expect(() => checkCall(answer("5"), "sessionless", 1)).not.toThrow()
  expect(() => checkCall(answer("6"), "sessionless", 1)).toThrow()
  expect(() => checkCall(answer("5", 2), "sessionless", 1)).toThrow()
  expect(() => checkList(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { tools: [] } }), "handshake", 1)).toThrow()
})

it("a target judges the median of the ratios within each round, so a slow moment hits both sides", async () => {
  const { ratioOf, verdict } = await load("./measure.mjs")
  const floor = [10, 2, 10]
  const own = [5, 1, 9]
  expect(ratioOf(own, floor, (value: number) => value)).toBe(0.5)
  expect(verdict("calls/s", 0.5, { atLeast: 0.45 })).toEqual({
    what: "calls/s",
    value: 0.5,
    target: "≥ 0.45",
    met: true
  })
  expect(verdict("µs", 6, { atMost: 5 }).met).toBe(false)
})
