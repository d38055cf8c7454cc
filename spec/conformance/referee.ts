import { spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { text } from "node:stream/consumers"

/** What the official referees examine a server for: the requirements they freeze of two revisions, and all that the release before them knew. */
export const suites = ["2025-11-25", "2026-07-28", "0.1.16"] as const
export type Suite = (typeof suites)[number]

/** One check of one scenario; several reports of the same check are one, and count as failed when one of them is. */
export interface Check {
  /** `scenario/check`, the key of the ratchet. */
  readonly name: string
  readonly ok: boolean
  /** What the referee says where it is not ok. */
  readonly message: string
}

interface Report {
  readonly id: string
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO"
  readonly errorMessage?: string
}

/** Milliseconds after which a referee that has not finished is killed. */
const deadline = 60_000

const { resolve } = createRequire(import.meta.url)
const refereeOf = (name: string) =>
  join(dirname(resolve(`@modelcontextprotocol/${name}/package.json`)), "dist/index.js")

const commandOf = (suite: Suite): ReadonlyArray<string> =>
  suite === "0.1.16"
    ? [refereeOf("conformance-legacy"), "server", "--suite", "all"]
    : [refereeOf("conformance"), "server", "--requirements", suite]

const shim = fileURLToPath(new URL("./node20.mjs", import.meta.url))

/**
 * Lets the referee of a suite examine the server at `url` and gives every check it made.
 * A warning (a SHOULD that does not hold) counts as failed; "info" and "skipped" say nothing and are left out.
 */
export const examine = async (url: string, suite: Suite): Promise<ReadonlyArray<Check>> => {
  const results = await mkdtemp(join(tmpdir(), "mcpipe-conformance-"))
  try {
    const output = await runReferee([...commandOf(suite), "--url", url, "-o", results])
    const checks = await readResults(results)
    if (checks.length === 0) throw new Error(`The referee reported nothing for ${suite}:\n${output}`)
    return checks
  } finally {
    await rm(results, { recursive: true, force: true })
  }
}

const runReferee = async (command: ReadonlyArray<string>): Promise<string> => {
  const child = spawn(process.execPath, ["--import", shim, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: deadline
  })
  const exited = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (_, signal) => resolve(signal))
  })
  const [stdout, stderr, signal] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  const output = `${stdout}${stderr}`
  if (signal !== null) throw new Error(`The referee did not finish within ${deadline} ms:\n${output}`)
  return output
}

/** Each scenario has a folder `server-<scenario>-<ISO time>`; one that crashed leaves it empty. */
const readResults = async (folder: string): Promise<ReadonlyArray<Check>> => {
  const checks = new Map<string, Check>()
  for (const entry of (await readdir(folder)).sort()) {
    const scenario = entry.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, "")
    for (const { id, status, errorMessage } of await readReports(join(folder, entry))) {
      if (status === "INFO" || status === "SKIPPED") continue
      const name = `${scenario}/${id}`
      const ok = status === "SUCCESS"
      if (ok && checks.has(name)) continue
      checks.set(name, { name, ok, message: errorMessage ?? "" })
    }
  }
  return [...checks.values()]
}

const readReports = async (folder: string): Promise<ReadonlyArray<Report>> => {
  try {
    return JSON.parse(await readFile(join(folder, "checks.json"), "utf8"))
  } catch {
    return [{ id: "(crashed)", status: "FAILURE", errorMessage: "The scenario ended without results." }]
  }
}
