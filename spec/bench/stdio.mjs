// stdio tools/call with 32 requests on their way.
import { strictEqual } from "node:assert/strict"
import { lineClient } from "./load-stdio.mjs"
import { interleave, median, number, ratioOf, spread, verdict } from "./measure.mjs"
import { cpuMicrosOf, startStdio } from "./processes.mjs"
import { eras } from "./workload.mjs"

const deep = 32

export const title = `stdio tools/call, ${deep} deep`

export const run = async (options) => {
  const names = ["floor", "mcpipe", ...(options.peers ? ["sdk-v1", "sdk-v2"] : [])]
  const children = []
  try {
    const subjects = []
    for (const era of eras) {
      for (const name of names) {
        if (name === "sdk-v1" && era === "sessionless") continue
        const child = startStdio(`stdio/${name}.mjs`, options)
        children.push(child)
        subjects.push(await stdioSubject(name, era, child))
      }
      const [floor, mcpipe] = subjects.filter((one) => one.era === era)
      strictEqual(mcpipe.line, floor.line)
    }
    return reportOf(subjects, await interleave(subjects, options), options)
  } finally {
    for (const child of children) child.kill("SIGKILL")
  }
}

const stdioSubject = async (name, era, child) => {
  const client = lineClient(child, era)
  const line = await client.check()
  const run = async (millis) => {
    const before = cpuMicrosOf(child.pid)
    const sample = await client.load(deep, millis, Buffer.byteLength(line))
    const after = cpuMicrosOf(child.pid)
    return { ...sample, cpuMicros: before === undefined ? undefined : after - before }
  }
  return { name, era, line, run }
}

const rate = ({ calls, micros }) => (calls * 1e6) / micros

const cpu = ({ calls, cpuMicros }) => cpuMicros / calls

const reportOf = (subjects, samples, { rounds }) => {
  const columns = ["server", "calls/s", "vs floor", "CPU µs/call", "vs floor"]
  if (rounds === 0) return { title, columns, rows: [], verdicts: [] }
  const of = (name, era) => samples.get(subjects.find((one) => one.name === name && one.era === era))
  const rows = subjects.map(({ name, era }) => {
    const own = of(name, era)
    const floor = of("floor", era)
    const known = own.every(({ cpuMicros }) => cpuMicros !== undefined)
    return [
      `${name} ${era}`,
      spread(own, rate),
      `${number(ratioOf(own, floor, rate))}×`,
      known ? number(median(own.map(cpu))) : "–",
      known ? `${number(ratioOf(own, floor, cpu))}×` : "–"
    ]
  })
  const verdicts = eras.map((era) =>
    verdict(`calls/s against the floor, ${era}`, ratioOf(of("mcpipe", era), of("floor", era), rate), { atLeast: 0.45 })
  )
  return { title, columns, rows, verdicts }
}
