import assert from "node:assert/strict"
import { acknowledged, checkAnswer, checkNotification, isNotification } from "./answers.ts"
import type { Era } from "./arbitraries.ts"
import { agreedBy, dueFor, keyOf } from "./oracle.ts"

/** What a peer on a duplex transport must hear of what it sent. */
export class Ledger {
  /** Answers due by id, those that may be missing for a cancellation, and the eras they may be written in. */
  readonly #due = new Map<
    string,
    { count: number; cancelled: number; readonly eras: Set<Era>; readonly calls: Set<string> }
  >()
  /** Streams begun, by the id of who listens. */
  readonly #listening = new Map<string, number>()
  readonly #heard = new Map<string, number>()
  #revision = "none"
  #batched = false

  /** Whether answers may wait for those of held calls, as those of one batch do. */
  get batched(): boolean {
    return this.#batched
  }

  /** Returns false where what follows cannot be foreseen: `initialize` under an id that may be in flight. */
  send(value: unknown): boolean {
    if (!Array.isArray(value)) return this.#one(value, false)
    if (this.#revision !== "2025-03-26" || value.length === 0) this.#add(undefined, "handshake", "")
    else {
      this.#batched = true
      for (const message of value) this.#one(message, true)
    }
    return true
  }

  unreadable(): void {
    this.#add(undefined, "handshake", "")
  }

  #one(message: unknown, inBatch: boolean): boolean {
    const due = dueFor(message)
    if (due.type === "nothing") {
      const entry = this.#due.get(keyOf(due.cancels))
      if (entry !== undefined && entry.cancelled < entry.count) entry.cancelled++
    } else if (due.type === "answer") {
      const { id, request } = due
      const begins = request?.method === "initialize" && !request.claims && !inBatch
      if (begins && this.#due.get(keyOf(id))?.calls.has("tools/call")) return false
      if (begins) this.#revision = agreedBy(request) ?? this.#revision
      this.#add(id, request?.claims ? "sessionless" : "handshake", request?.method ?? "")
    }
    return true
  }

  #add(id: unknown, era: Era, call: string): void {
    const key = keyOf(id)
    const entry = this.#due.get(key) ?? { count: 0, cancelled: 0, eras: new Set(), calls: new Set() }
    entry.count++
    // an id in use is refused in the words of the handshake era, whoever used it
    entry.eras.add(era)
    entry.calls.add(call)
    this.#due.set(key, entry)
  }

  hear(message: unknown): void {
    for (const one of Array.isArray(message) ? message : [message]) {
      if (isNotification(one)) {
        checkNotification(one)
        const listening = acknowledged(one)
        if (listening !== undefined) {
          const key = keyOf(listening)
          this.#listening.set(key, (this.#listening.get(key) ?? 0) + 1)
        }
        continue
      }
      const key = keyOf((one as { id?: unknown }).id)
      const entry = this.#due.get(key)
      assert.ok(entry !== undefined, `somebody asked for this: ${JSON.stringify(one)}`)
      checkAnswer(one, [...entry.eras])
      this.#heard.set(key, (this.#heard.get(key) ?? 0) + 1)
    }
  }

  /** Requests without an answer that nobody cancelled, beside those that are answered for as long as somebody listens. */
  missing(): number {
    let missing = 0
    for (const [key, { count, cancelled }] of this.#due) {
      const heard = (this.#heard.get(key) ?? 0) + (this.#listening.get(key) ?? 0)
      missing += Math.max(0, count - cancelled - heard)
    }
    return missing
  }

  close(): void {
    for (const [key, { count, cancelled }] of this.#due) {
      const heard = this.#heard.get(key) ?? 0
      assert.ok(heard >= count - cancelled, `${count} answers for ${key}, ${cancelled} of them cancelled: not ${heard}`)
      assert.ok(heard <= count, `at most ${count} answers for ${key}, not ${heard}`)
    }
  }
}
