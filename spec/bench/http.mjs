// HTTP tools/call over 16 keep-alive connections, in both eras.
import { exchange, load, requestBytes } from "./load-http.mjs"
import { interleave, median, number, ratioOf, spread, verdict } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { callMessage, checkCall, eras, headersOf } from "./workload.mjs"
import { strictEqual } from "node:assert/strict"

const connections = 16

export const title = `HTTP tools/call, ${connections} connections`

export const run = async (options) => {
  const peers = options.peers ? ["sdk-v1", "sdk-v2"] : []
  const hosts = new Map()
  try {
    const subjects = []
    for (const name of ["floor", "mcpipe", ...peers]) {
      const host = await startHost("hosts/http.mjs", [name, "call"], options)
      hosts.set(name, host)
      for (const era of eras) {
        if (name === "sdk-v1" && era === "sessionless") continue
        subjects.push(await httpSubject(name, era, host, callMessage(era, 1), checkCall))
      }
    }
    sameBytes(subjects)
    return reportOf(title, subjects, await interleave(subjects, options), { rate: 0.6, cpu: 1.8 })
  } finally {
    for (const host of hosts.values()) host.stop()
  }
}

/** A server under HTTP load, once its answer to `message` has been checked; `more` are headers. */
export const httpSubject = async (name, era, host, message, check, more = {}) => {
  const { port } = host.first
  const bytes = requestBytes(port, { ...headersOf(era, message), ...more }, message)
  const { body, size, chunked } = await exchange(port, bytes)
  check(body, era, message.id)
  const run = async (millis) => {
    const before = await host.ask("cpu")
    const sample = await load({ port, bytes, size, chunked, connections, millis })
    const after = await host.ask("cpu")
    return { ...sample, cpuMicros: after.user + after.system - before.user - before.system }
  }
  return { name, era, body, run }
}

/** Throws where floor and mcpipe do not write the same body: they would not do the same work. */
export const sameBytes = (subjects) => {
  for (const era of erasOf(subjects)) {
    const [floor, mcpipe] = ["floor", "mcpipe"].map((name) =>
      subjects.find((one) => one.name === name && one.era === era)
    )
    strictEqual(mcpipe.body, floor.body)
  }
}

const erasOf = (subjects) => eras.filter((era) => subjects.some((one) => one.era === era))

const rate = ({ calls, micros }) => (calls * 1e6) / micros

const cpu = ({ calls, cpuMicros }) => cpuMicros / calls

export const reportOf = (title, subjects, samples, targets) => {
  const columns = ["server", "req/s", "vs floor", "CPU µs/call", "vs floor"]
  if ([...samples.values()].every((list) => list.length === 0)) return { title, columns, rows: [], verdicts: [] }
  const of = (name, era) => samples.get(subjects.find((one) => one.name === name && one.era === era))
  const rows = subjects.map(({ name, era }) => {
    const own = of(name, era)
    const floor = of("floor", era)
    return [
      `${name} ${era}`,
      spread(own, rate),
      `${number(ratioOf(own, floor, rate))}×`,
      number(median(own.map(cpu))),
      `${number(ratioOf(own, floor, cpu))}×`
    ]
  })
  const verdicts = erasOf(subjects).flatMap((era) => [
    verdict(`req/s against the floor, ${era}`, ratioOf(of("mcpipe", era), of("floor", era), rate), {
      atLeast: targets.rate
    }),
    ...(targets.cpu === undefined
      ? []
      : [
          verdict(`CPU per call against the floor, ${era}`, ratioOf(of("mcpipe", era), of("floor", era), cpu), {
            atMost: targets.cpu
          })
        ])
  ])
  return { title, columns, rows, verdicts }
}
