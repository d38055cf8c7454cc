import { openSync, readSync } from "node:fs"

/** Milliseconds since a process began in which its main thread ran, and in which it could have but others did. */
export interface Spent {
  readonly ran: number
  readonly waited: number
}

/**
 * Reads what the main thread of a process has spent, from Linux, which counts in nanoseconds what is over and what runs on
 * every few milliseconds. Whatever else the machine does adds to `waited` alone.
 */
export const processorOf = (pid: number | "self"): (() => Spent) => {
  const file = openSync(`/proc/${pid}/schedstat`, "r")
  const bytes = Buffer.alloc(100)
  return () => {
    const [ran, waited] = bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0)).split(" ")
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 }
  }
}
