import assert from "node:assert/strict"
import { envelope } from "../kit/wire.ts"

/** Longest body and line. */
export const maxBytes = 20_000

/** Turns of the event loop, not milliseconds: nothing in the fixture takes long. */
export const patience = 5_000

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const encoder = new TextEncoder()

export const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? encoder.encode(body) : body

const strays: Array<unknown> = []
process.on("unhandledRejection", (reason) => strays.push(reason))

/** Fails where a rejection was left alone or `Object.prototype` has grown. */
export const unharmed = (): void => {
  assert.deepEqual(strays.splice(0), [], "no rejection is unhandled")
  for (const key in {}) assert.fail(`nobody's prototype is changed: ${key}`)
}

/** A call that must succeed whatever came before it. */
export const goodCall = (id: string) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "add", arguments: { a: 1, b: 2 }, _meta: envelope() }
})

export const isSum = (answer: any): boolean => answer?.result?.content?.[0]?.text === "3"
