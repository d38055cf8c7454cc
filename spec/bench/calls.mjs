// What benches inside one process share: a host for each subject and era, asked in turns.
import { interleave, median, number, ratioOf, sittings, spread } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { checkCall } from "./workload.mjs"

export const perCall = ({ calls, micros }) => micros / calls

/** What a subject takes more than another one, by round. */
export const more = (of, name, base, era) => {
  const plain = of(base, era).map(perCall)
  return of(name, era).map((sample, round) => perCall(sample) - plain[round])
}

const cpu = ({ calls, cpuMicros }) => cpuMicros / calls

/**
 * Targets in µs were written on a machine where a call of this server took 14.9 µs; others are slower, and the same one is at
 * other times. So it takes part in each round, and what a round measured is scaled by it.
 */
const yardstick = { name: "sdk-v1 low level", era: "handshake", kind: "messages", micros: 14.9 }

/**
 * Measures `[name, era]` pairs of one kind of host, those of `peers` for comparison. `judge` gets a lookup of samples by name
 * and era, and a function that makes medians of µs by round those of the machine that the targets were written on.
 */
export const runCalls = async (title, kind, pairs, peers, options, judge, check = checkCall) => {
  const all = [...pairs.map(([name, era]) => ({ name, era, kind, check })), { ...yardstick, check: checkCall }]
  const compared = peers.map(([name, era]) => ({ name, era, kind, check }))
  const samples = await sittings(options, (own) => sit(own.peers ? [...all, ...compared] : all, own))
  const columns = ["server", "µs/call", "CPU µs/call", "vs floor"]
  if (options.rounds === 0) return { title, columns, rows: [], verdicts: [] }
  const of = (name, era) => samples.get([...samples.keys()].find((one) => one.name === name && one.era === era))
  const speed = of(yardstick.name, yardstick.era).map((sample) => yardstick.micros / perCall(sample))
  const scaled = (micros) => median(micros.map((own, round) => own * speed[round]))
  const rows = [...samples].map(([{ name, era }, own]) => [
    `${name} ${era}`,
    spread(own, perCall),
    number(median(own.map(cpu))),
    of("floor", era) === undefined ? "–" : `${number(ratioOf(own, of("floor", era), perCall))}×`
  ])
  return { title, columns, rows, verdicts: judge(of, scaled) }
}

/** Short rounds: the machine changes its speed within less than a second, and what is compared should see the same one. */
const sit = async (subjects, options) => {
  const hosts = []
  try {
    const started = []
    for (const { name, era, kind, check } of subjects) {
      const host = await startHost("hosts/calls.mjs", [kind, name, era], options)
      hosts.push(host)
      check(await host.ask("check"), era, 1)
      started.push({ name, era, run: host.ask })
    }
    const { warmUp, rounds, burst } = options
    return await interleave(started, { warmUp: warmUp / 2, rounds: rounds * 5, burst: burst / 20 })
  } finally {
    for (const host of hosts) host.stop()
  }
}
