// What benches inside one process share: a host for each subject and era, asked in turns.
import { interleave, median, number, ratioOf, spread } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { checkCall } from "./workload.mjs"

export const perCall = ({ calls, micros }) => micros / calls

const cpu = ({ calls, cpuMicros }) => cpuMicros / calls

/** Measures `[name, era]` pairs of one kind of host; `judge` gets a lookup of samples by name and era. */
export const runCalls = async (title, kind, pairs, options, judge, check = checkCall) => {
  const hosts = []
  try {
    const subjects = []
    for (const [name, era] of pairs) {
      const host = await startHost("hosts/calls.mjs", [kind, name, era], options)
      hosts.push(host)
      check(await host.ask("check"), era, 1)
      subjects.push({ name, era, run: host.ask })
    }
    const shorter = { ...options, warmUp: options.warmUp / 2, burst: options.burst / 2 }
    const samples = await interleave(subjects, shorter)
    const columns = ["server", "µs/call", "CPU µs/call", "vs floor"]
    if (options.rounds === 0) return { title, columns, rows: [], verdicts: [] }
    const of = (name, era) => samples.get(subjects.find((one) => one.name === name && one.era === era))
    const rows = subjects.map(({ name, era }) => {
      const own = of(name, era)
      return [
        `${name} ${era}`,
        spread(own, perCall),
        number(median(own.map(cpu))),
        `${number(ratioOf(own, of("floor", era), perCall))}×`
      ]
    })
    return { title, columns, rows, verdicts: judge(of) }
  } finally {
    for (const host of hosts) host.stop()
  }
}
