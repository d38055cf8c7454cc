// What benches inside one process share: a host for each subject and era, asked in turns.
import { interleave, median, number, ratioOf, sittings, spread } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { checkCall } from "./workload.mjs"

export const perCall = ({ calls, micros }) => micros / calls

const cpu = ({ calls, cpuMicros }) => cpuMicros / calls

/** Measures `[name, era]` pairs of one kind of host, those of `peers` for comparison; `judge` gets a lookup of samples by name and era. */
export const runCalls = async (title, kind, pairs, peers, options, judge, check = checkCall) => {
  const samples = await sittings(options, (own) => sit(kind, own.peers ? [...pairs, ...peers] : pairs, own, check))
  const columns = ["server", "µs/call", "CPU µs/call", "vs floor"]
  if (options.rounds === 0) return { title, columns, rows: [], verdicts: [] }
  const of = (name, era) => samples.get([...samples.keys()].find((one) => one.name === name && one.era === era))
  const rows = [...samples].map(([{ name, era }, own]) => [
    `${name} ${era}`,
    spread(own, perCall),
    number(median(own.map(cpu))),
    `${number(ratioOf(own, of("floor", era), perCall))}×`
  ])
  return { title, columns, rows, verdicts: judge(of) }
}

const sit = async (kind, pairs, options, check) => {
  const hosts = []
  try {
    const subjects = []
    for (const [name, era] of pairs) {
      const host = await startHost("hosts/calls.mjs", [kind, name, era], options)
      hosts.push(host)
      check(await host.ask("check"), era, 1)
      subjects.push({ name, era, run: host.ask })
    }
    return await interleave(subjects, { ...options, warmUp: options.warmUp / 2, burst: options.burst / 2 })
  } finally {
    for (const host of hosts) host.stop()
  }
}
