import { expect } from "vitest"
import type { Combination } from "../kit/eras.ts"
import { type Case, text } from "./case.ts"

let calls = 0
/** A key that no other call in this process uses, nor any call of the other process: each serves one client. */
const newKey = () => `call-${++calls}`

/** Aborts a call that has started, and tells what became of it. */
const cancel =
  (tool: string): Case["ask"] =>
  async (client) => {
    const key = newKey()
    const controller = new AbortController()
    const ended = client.call(tool, { key }, { signal: controller.signal }).then(
      (answer) => ("error" in answer ? "rejected" : "answered"),
      () => "rejected"
    )
    await client.call("events", { key, until: "started" })
    controller.abort()
    const outcome = await ended
    const { content } = await client.call("events", { key, until: "finalized" })
    return { outcome, events: JSON.parse(content[0].text) }
  }

const cancelled = { outcome: "rejected", events: ["started", "interrupted", "finalized"] }

/** Asks for messages of a level and above, in the way of each era. */
const logsFrom =
  (level: "debug" | "warning"): Case["ask"] =>
  async (client) => {
    const { era } = client.at
    client.logs.length = 0
    if (era === "handshake") expect(await client.setLevel(level)).toStrictEqual({})
    await client.call("log", {}, era === "sessionless" ? { logLevel: level } : {})
    if (era === "handshake") await client.setLevel("info")
    return [...client.logs]
  }

const logs = [
  { level: "debug", data: "for developers" },
  { level: "info", logger: "db", data: { rows: 3 } },
  { level: "warning", logger: "db", data: "slow query" },
  { level: "emergency", data: "on fire" }
]

export const reporting: ReadonlyArray<Case> = [
  {
    title: "progress arrives in order, and only when it increases",
    ask: async (client) => {
      const key = newKey()
      const seen: Array<unknown> = []
      const onProgress = (progress: any) => {
        seen.push(progress)
        if (progress.progress === 3) void client.call("release", { key })
      }
      const answer = await client.call("progress", { key }, { onProgress })
      return { answer, seen }
    },
    answer: {
      answer: text("done"),
      seen: [{ progress: 1, total: 3, message: "one" }, { progress: 2, total: 3 }, { progress: 3 }]
    }
  },
  {
    title: "a call without a progress token hears of no progress",
    ask: async (client) => {
      const before = client.wire.received.length
      const key = newKey()
      await client.call("release", { key })
      await client.call("progress", { key })
      return client.wire.received.slice(before).filter(({ method }) => method !== undefined)
    },
    answer: []
  },
  {
    title: "log messages of every level arrive in order, for whoever asks for debug",
    ask: logsFrom("debug"),
    answer: logs
  },
  {
    title: "log messages under the level asked for stay away",
    ask: logsFrom("warning"),
    answer: logs.slice(2)
  },
  {
    title: "who asked for no level gets info and above where a server may decide, and nothing on 2026-07-28",
    ask: async (client) => {
      client.logs.length = 0
      const answer = await client.call("log")
      return { answer, logs: [...client.logs] }
    },
    answer: ({ era }: Combination) => ({ answer: text("logged"), logs: era === "handshake" ? logs.slice(1) : [] })
  },
  {
    title: "cancelling interrupts an Effect, and its finalizers run after",
    ask: cancel("hold_effect"),
    answer: cancelled
  },
  {
    title: "cancelling aborts the signal, and deferred cleanups run after",
    ask: cancel("hold_async"),
    answer: cancelled
  }
]
