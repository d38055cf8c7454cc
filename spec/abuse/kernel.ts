import { readFileSync } from "node:fs"

/** Bytes that Linux holds for one TCP connection over IPv4 of this machine: what one end has sent and the other not read. */
export const heldByKernel = (from: number, to: number): number => {
  const lines = readFileSync("/proc/net/tcp", "latin1").trim().split("\n").slice(1)
  const ends = lines.map((line) => line.trim().split(/\s+/))
  const queues = (one: number, other: number): ReadonlyArray<number> => {
    const end = ends.find(([, local, remote]) => portOf(local!) === one && portOf(remote!) === other)
    if (end === undefined) throw new Error(`no connection from port ${one} to ${other}`)
    return end[4]!.split(":").map((hex) => Number.parseInt(hex, 16))
  }
  const [unsent] = queues(from, to)
  const [, unread] = queues(to, from)
  return unsent! + unread!
}

const portOf = (address: string): number => Number.parseInt(address.split(":")[1]!, 16)
