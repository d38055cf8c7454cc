// Benches the built package: node spec/bench/run.mjs [--quick] [--json file] [http session list in-process around asks fetch stdio cold-start]
import { writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import { render } from "./measure.mjs"

const all = ["http", "session", "list", "in-process", "around", "asks", "fetch", "stdio", "cold-start"]

const full = { peers: true, warmUp: 3_000, rounds: 7, burst: 800, starts: 15, sittings: 8 }

/** Without the slower peers, and with less time to warm up: good for a first look, not for a verdict. */
const quick = { peers: false, warmUp: 1_200, rounds: 3, burst: 400, starts: 5, sittings: 1 }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, json: { type: "string" } }
})
const unknown = positionals.filter((name) => !all.includes(name))
if (unknown.length > 0) throw new Error(`Unknown bench ${unknown.join(", ")}; there are ${all.join(", ")}.`)

const reports = []
for (const name of positionals.length === 0 ? all : positionals) {
  const { run } = await import(`./${name}.mjs`)
  const report = await run(values.quick ? quick : full)
  reports.push({ name, ...report })
  console.log(render(report))
}
const missed = reports.flatMap(({ verdicts }) => verdicts).filter(({ met }) => !met)
console.log(`\n${missed.length === 0 ? "Every target was met." : `${missed.length} target(s) missed.`}`)
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ node: process.version, reports }, null, 2)}\n`)
