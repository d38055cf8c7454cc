// Benched servers live in processes of their own and die with the bench.
import { fork, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (file) => (file.startsWith("/") ? file : fileURLToPath(new URL(file, import.meta.url)))

/** Starts a host that answers one message at a time over IPC; resolves with its first message. */
export const startHost = async (file, args, { execArgv = [] } = {}) => {
  const child = fork(path(file), args, { execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] })
  let ended
  child.once("exit", (code) => {
    ended = new Error(`${file} ${args.join(" ")} ended with code ${code}`)
    fail?.(ended)
  })
  let fail
  const next = () =>
    new Promise((resolve, reject) => {
      if (ended !== undefined) return reject(ended)
      fail = reject
      child.once("message", resolve)
    })
  const first = await next()
  const ask = (question) => {
    const answered = next()
    child.send(question)
    return answered
  }
  return { first, ask, stop: () => child.kill("SIGKILL") }
}

/** Starts a server that speaks over stdio. */
export const startStdio = (file, { execArgv = [] } = {}) =>
  spawn(process.execPath, [...execArgv, path(file)], { stdio: ["pipe", "pipe", "inherit"] })

/** CPU microseconds of another process so far, in steps of 10,000; undefined where there is no /proc. */
export const cpuMicrosOf = (pid) => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1).split(" ")
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return undefined
  }
}
