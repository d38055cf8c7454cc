// HTTP tools/list of 100 tools over 16 keep-alive connections, in both eras. The floor splices the id into prepared bytes.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { httpSubject, reportOf, sameBytes } from "./http.mjs"
import { interleave, sittings } from "./measure.mjs"
import { startHost } from "./processes.mjs"
import { checkList, eras, listMessage, toolCount } from "./workload.mjs"

export const title = `HTTP tools/list, ${toolCount} tools, 16 connections`

export const run = async (options) => {
  const folder = await mkdtemp(join(tmpdir(), "mcpipe-bench-"))
  try {
    const samples = await sittings(options, (own) => sit(folder, own))
    return reportOf(title, [...samples.keys()], samples, { rate: 0.8 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The samples of each subject in processes of this sitting. */
const sit = async (folder, options) => {
  const hosts = []
  const subjectsOf = async (name, era, prepared = []) => {
    const host = await startHost("hosts/http.mjs", [name, "list", ...prepared], options)
    hosts.push(host)
    return httpSubject(name, era, host, listMessage(era, 1), checkList)
  }
  try {
    const subjects = []
    for (const era of eras) {
      const mcpipe = await subjectsOf("mcpipe", era)
      const file = join(folder, era)
      await writeFile(file, JSON.stringify(JSON.parse(mcpipe.body).result))
      subjects.push(await subjectsOf("floor", era, [file]), mcpipe)
      if (!options.peers) continue
      subjects.push(await subjectsOf("sdk-v2", era))
      if (era === "handshake") subjects.push(await subjectsOf("sdk-v1", era))
    }
    sameBytes(subjects)
    // what differs most is one process from another, not one round
    return await interleave(subjects, { ...options, rounds: Math.ceil(options.rounds / 2) })
  } finally {
    for (const host of hosts) host.stop()
  }
}
