// From starting a stdio server to its first right answer: the package as it is published, and bundled with esbuild.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { lineClient } from "./load-stdio.mjs"
import { number, ratioOf, spread, verdict } from "./measure.mjs"
import { startStdio } from "./processes.mjs"

export const title = "Cold start, stdio, to the first right answer"

export const run = async (options) => {
  const folder = await mkdtemp(join(tmpdir(), "mcpipe-bench-"))
  try {
    const plain = (name, era) => ({ name, era, file: `stdio/${name}.mjs`, execArgv: options.execArgv })
    const bundled = async (name, era) => ({
      name: `${name} bundled`,
      era,
      file: await bundle(name, folder, options),
      execArgv: []
    })
    const subjects = [
      plain("floor", "sessionless"),
      plain("sdk-v2", "sessionless"),
      plain("mcpipe", "sessionless"),
      await bundled("mcpipe", "sessionless"),
      plain("mcpipe", "handshake"),
      ...(options.peers
        ? [plain("sdk-v2", "handshake"), plain("sdk-v1", "handshake"), await bundled("sdk-v2", "sessionless")]
        : [])
    ]
    // Also the check of the answers, and what fills the disk cache.
    for (const subject of subjects) await startAndAsk(subject)
    const samples = new Map(subjects.map((subject) => [subject, []]))
    for (let round = 0; round < options.starts; round++) {
      const order = round % 2 === 0 ? subjects : subjects.toReversed()
      for (const subject of order) samples.get(subject).push(await startAndAsk(subject))
    }
    return reportOf(subjects, samples, options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const startAndAsk = async ({ file, era, execArgv }) => {
  const start = performance.now()
  const child = startStdio(file, { execArgv })
  try {
    await lineClient(child, era).check()
    return performance.now() - start
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await ended
  }
}

const bundle = async (name, folder, { conditions = [] }) => {
  const outfile = join(folder, `${name}.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`stdio/${name}.mjs`, import.meta.url))],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions,
    logLevel: "error"
  })
  return outfile
}

const identity = (value) => value

const reportOf = (subjects, samples, { starts }) => {
  const columns = ["server", "ms", "vs sdk-v2"]
  if (starts === 0) return { title, columns, rows: [], verdicts: [] }
  const of = (name, era = "sessionless") => samples.get(subjects.find((one) => one.name === name && one.era === era))
  const base = of("sdk-v2")
  const rows = subjects.map(({ name, era }) => {
    const own = of(name, era)
    return [`${name} ${era}`, spread(own, identity), `${number(ratioOf(own, base, identity))}×`]
  })
  const verdicts = [
    verdict("time against sdk-v2, as published", ratioOf(of("mcpipe"), base, identity), { atMost: 1.1 }),
    verdict("time against sdk-v2, bundled", ratioOf(of("mcpipe bundled"), base, identity), { atMost: 0.7 })
  ]
  return { title, columns, rows, verdicts }
}
