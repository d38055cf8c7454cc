import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { resolve as resolvePath } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const loader = new URL("../tools/ts.mjs", import.meta.url).href

export interface SpawnOptions {
  readonly args?: ReadonlyArray<string> | undefined
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Working directory. Default the repository root. */
  readonly cwd?: string | undefined
  /** What `mcpipe` means in the script: `"source"` lib/, `"built"` dist/ as the last build left it. Default `"source"`. */
  readonly library?: "source" | "built" | undefined
  /** Milliseconds each wait may take before it fails, and the whole life before the process is killed. Default 15,000. */
  readonly deadline?: number | undefined
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A running child, as a spec drives it. Every wait fails with the collected output once its deadline is over. */
export interface Running {
  readonly pid: number
  /** Everything written so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** The first whole stdout line that matches; a string means "includes". Lines seen before the call count. */
  readonly line: (match: RegExp | string) => Promise<string>
  /** Like `line`, on stderr. */
  readonly errorLine: (match: RegExp | string) => Promise<string>
  /** Writes one JSON value and a newline to stdin. */
  readonly send: (message: unknown) => void
  /** Writes bytes to stdin as they are. */
  readonly write: (data: string | Uint8Array) => void
  /** The first JSON line on stdout the predicate accepts. */
  readonly message: (accepts: (message: any) => boolean) => Promise<any>
  /** Sends a JSON-RPC request and waits for the response with its id. */
  readonly request: (message: { readonly id: string | number } & Record<string, unknown>) => Promise<any>
  /** Ends stdin. */
  readonly end: () => void
  readonly signal: (signal: NodeJS.Signals) => void
  /** Resolves when the process has exited and its output is complete. */
  readonly ended: () => Promise<Ended>
  /** Kills what is left of the process. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Starts a TypeScript or JavaScript file, given relative to the repository root, in its own Node process.
 * @example await using child = start("examples/quickstart/main.ts")
 */
export const start = (script: string, options: SpawnOptions = {}): Running => {
  const { args = [], library = "source" } = options
  const node = library === "source" ? ["--conditions", "mcpipe-source"] : []
  return run(process.execPath, [...node, "--import", loader, resolvePath(root, script), ...args], options)
}

/** Starts any command, with the same handle. */
export const run = (command: string, args: ReadonlyArray<string>, options: SpawnOptions = {}): Running => {
  const { env = {}, cwd = root, deadline = 15_000 } = options
  const child = spawn(command, [...args], { cwd, env: environment(env), stdio: "pipe" })
  const title = [command, ...args].join(" ")
  const out = collect(child, "stdout")
  const err = collect(child, "stderr")
  let ending: Ended | undefined
  const closed = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      ending = { code, signal }
      resolve(ending)
    })
  })
  closed.catch(() => {})
  // A server that quits before it has read everything is a finding for the spec, not an unhandled EPIPE.
  child.stdin.on("error", () => {})
  const killer = setTimeout(() => child.kill("SIGKILL"), deadline)
  closed.finally(() => clearTimeout(killer)).catch(() => {})

  const until = <A>(what: string, source: Lines, pick: (line: string) => A | undefined) =>
    new Promise<A>((resolve, reject) => {
      let seen = 0
      const fail = (why: string) => {
        stop()
        reject(new Error(`${title}: ${why} ${what}.\n--- stdout\n${out.text()}\n--- stderr\n${err.text()}`))
      }
      const look = () => {
        for (; seen < source.lines.length; seen++) {
          const found = pick(source.lines[seen]!)
          if (found === undefined) continue
          stop()
          return resolve(found)
        }
        if (ending) fail(`ended (${ending.signal ?? ending.code}) without`)
      }
      const timer = setTimeout(() => fail(`${deadline} ms passed without`), deadline)
      const stop = () => {
        clearTimeout(timer)
        source.listeners.delete(look)
      }
      source.listeners.add(look)
      closed.then(look, (error) => fail(`${error}:`))
      look()
    })

  const lineOf = (source: Lines) => (match: RegExp | string) =>
    until(`a line matching ${match}`, source, (line) =>
      (typeof match === "string" ? line.includes(match) : match.test(line)) ? line : undefined
    )
  const message = (accepts: (message: any) => boolean, what = "the JSON message") =>
    until(what, out, (line) => {
      const value = parse(line)
      return value !== undefined && accepts(value) ? value : undefined
    })
  const send = (value: unknown) => void child.stdin.write(`${JSON.stringify(value)}\n`)

  return {
    pid: child.pid ?? -1,
    stdout: out.text,
    stderr: err.text,
    line: lineOf(out),
    errorLine: lineOf(err),
    send,
    write: (data) => void child.stdin.write(data),
    message,
    request: (request) => {
      send({ jsonrpc: "2.0", ...request })
      return message((m) => m.id === request.id && m.method === undefined, `the response to ${request.id}`)
    },
    end: () => void child.stdin.end(),
    signal: (signal) => void child.kill(signal),
    ended: () => closed,
    [Symbol.asyncDispose]: async () => {
      if (!ending) child.kill("SIGKILL")
      await closed.catch(() => {})
    }
  }
}

interface Lines {
  /** Whole lines, without their newline. */
  readonly lines: Array<string>
  readonly listeners: Set<() => void>
  readonly text: () => string
}

const collect = (child: ChildProcessWithoutNullStreams, name: "stdout" | "stderr"): Lines => {
  const lines: Array<string> = []
  const listeners = new Set<() => void>()
  let rest = ""
  const add = (chunk: string) => {
    const parts = (rest + chunk).split("\n")
    rest = parts.pop()!
    lines.push(...parts)
    for (const listener of [...listeners]) listener()
  }
  child[name].setEncoding("utf8").on("data", add)
  return { lines, listeners, text: () => [...lines, rest].join("\n") }
}

const environment = (changes: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv => {
  const env: NodeJS.ProcessEnv = { ...process.env, ...changes }
  for (const [key, value] of Object.entries(changes)) if (value === undefined) delete env[key]
  // vitest's own settings would make a child behave like a test.
  for (const key of ["VITEST", "VITEST_POOL_ID", "VITEST_WORKER_ID", "VITEST_MODE", "NODE_ENV", "NODE_OPTIONS"]) {
    if (!(key in changes)) delete env[key]
  }
  return env
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
