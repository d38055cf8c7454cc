// Rounds over all subjects, in an order that is reversed each time; medians; a table with ratios against the floor.

/**
 * Warms every subject up, then runs `rounds` rounds. A subject is `{ name, era, run(millis) }`, whose `run` resolves with a sample.
 * Returns all samples of each subject, in round order.
 */
export const interleave = async (subjects, { warmUp, rounds, burst }) => {
  const samples = new Map(subjects.map((subject) => [subject, []]))
  if (rounds === 0) return samples
  for (const subject of subjects) await subject.run(warmUp)
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? subjects : subjects.toReversed()
    for (const subject of order) samples.get(subject).push(await subject.run(burst))
  }
  return samples
}

/**
 * The samples of several sittings, each with new processes: what the compiler makes of a server differs from process to
 * process by more than most targets leave. `sit` gives one sitting's samples; peers take part in the first alone.
 */
export const sittings = async (options, sit) => {
  let all
  for (let sitting = 0; sitting < options.sittings; sitting++) {
    const samples = await sit({ ...options, peers: options.peers && sitting === 0 })
    all ??= samples
    for (const [subject, own] of samples) {
      const same = [...all.keys()].find(({ name, era }) => name === subject.name && era === subject.era)
      if (same !== subject) all.get(same).push(...own)
    }
  }
  return all
}

export const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of the ratios within each round: what slows the machine for a while slows both sides of one of them. */
export const ratioOf = (samples, base, value) =>
  median(samples.map((sample, round) => value(sample) / value(base[round])))

/** A target a bench is judged by, such as "at least 0.6 times the floor's req/s". */
export const verdict = (what, value, { atLeast, atMost }) => ({
  what,
  value,
  target: atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`,
  met: atLeast === undefined ? value <= atMost : value >= atLeast
})

const decimals = (value) => (value >= 1_000 ? 0 : value >= 10 ? 1 : 2)

export const number = (value) =>
  value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: decimals(value) })

/** Median and range of a value over rounds. */
export const spread = (samples, value) => {
  const values = samples.map(value)
  return `${number(median(values))} (${number(Math.min(...values))}–${number(Math.max(...values))})`
}

/** A bench's report as text: a table, then each target and whether it was met. */
export const render = ({ title, columns, rows, verdicts }) => {
  const lines = [columns, ...rows]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = lines.map((line) =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  ")
  )
  const judged = verdicts.map(
    ({ what, value, target, met }) => `${met ? "met   " : "MISSED"} ${what}: ${number(value)} (target ${target})`
  )
  return [`\n${title}`, ...text, ...judged].join("\n")
}
