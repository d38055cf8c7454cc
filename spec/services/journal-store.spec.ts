import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { JournalStore, JournalStoreError, type MemoryJournalOptions } from "../../lib/services/journal-store.ts"
import { journalStoreContract } from "../contract/journal-store.ts"

const run = <A>(program: Effect.Effect<A, unknown>) => Effect.runPromise(Effect.provide(program, TestClock.layer()))

journalStoreContract("JournalStore.layerMemory", () => ({
  layer: JournalStore.layerMemory(),
  elapse: TestClock.adjust,
  run
}))

const withMemory = <A>(options: MemoryJournalOptions, program: Effect.Effect<A, unknown, JournalStore>) =>
  run(Effect.provide(program, JournalStore.layerMemory(options)))

const put = (id: string, text = id, ttl = 1000) => JournalStore.use((store) => store.put(id, text, ttl))

/** Which of these ids have a text. */
const kept = (...ids: ReadonlyArray<string>) =>
  JournalStore.use((store) => Effect.filter(ids, (id) => Effect.map(store.get(id), (text) => text !== undefined)))

describe("JournalStore.layerMemory", () => {
  it("is known not to be shared with other processes", async () => {
    expect(
      await withMemory(
        {},
        Effect.map(JournalStore, (store) => store.shared)
      )
    ).toBe(false)
  })

  it("forgets the journal written longest ago where there are too many; reading one does not keep it", async () => {
    const program = Effect.gen(function* () {
      for (const id of ["a", "b", "c"]) yield* put(id)
      yield* kept("a", "b", "c")
      yield* put("a", "written again")
      yield* put("d")
      return yield* kept("a", "b", "c", "d")
    })
    expect(await withMemory({ maxEntries: 3 }, program)).toEqual(["a", "c", "d"])
  })

  it("forgets as many as make room for a large one, and no more", async () => {
    const program = Effect.gen(function* () {
      for (const id of ["a", "b", "c", "d"]) yield* put(id, "123456789")
      const before = yield* kept("a", "b", "c", "d")
      yield* put("e", "1234567890123456789")
      return [before, yield* kept("a", "b", "c", "d", "e")]
    })
    // 2 bytes for each of 10 characters, ids included
    expect(await withMemory({ maxBytes: 80 }, program)).toEqual([
      ["a", "b", "c", "d"],
      ["c", "d", "e"]
    ])
  })

  it("counts what is replaced, removed or expired no longer", async () => {
    const program = Effect.gen(function* () {
      yield* put("a", "123456789")
      for (let round = 0; round < 10; round++) {
        yield* put("b", `12345678${round}`)
        yield* put("c", "123456789", 10)
        yield* TestClock.adjust(10)
        yield* kept("c")
        yield* put("c", "123456789")
        yield* JournalStore.use((store) => store.remove("c"))
        yield* JournalStore.use((store) => store.remove("c"))
      }
      yield* put("d", "123456789")
      return yield* kept("a", "b", "c", "d")
    })
    expect(await withMemory({ maxBytes: 60 }, program)).toEqual(["a", "b", "d"])
  })

  it("forgets expired journals before any that could still be needed", async () => {
    const program = Effect.gen(function* () {
      yield* put("old but alive", "A", 5000)
      yield* put("expired", "B", 10)
      yield* TestClock.adjust(10)
      yield* put("new", "C")
      return yield* kept("old but alive", "expired", "new")
    })
    expect(await withMemory({ maxEntries: 2 }, program)).toEqual(["old but alive", "new"])
  })

  it("refuses a journal larger than all its memory, and keeps what it has", async () => {
    const program = Effect.gen(function* () {
      yield* put("a", "123")
      const error = yield* Effect.flip(put("a", "1234567890"))
      return [error, yield* kept("a")] as const
    })
    const [error, ids] = await withMemory({ maxBytes: 21 }, program)
    expect(error).toBeInstanceOf(JournalStoreError)
    expect(error).toMatchObject({
      _tag: "JournalStoreError",
      reason: "too-large",
      message:
        "A journal of 22 bytes does not fit into JournalStore.layerMemory, which holds 21 bytes: " +
        "raise maxBytes, or record less in the steps of the call."
    })
    expect(ids).toEqual(["a"])
  })

  it("keeps 1,000 journals unless told otherwise", async () => {
    const program = Effect.gen(function* () {
      for (let at = 0; at <= 1000; at++) yield* put(`${at}`)
      return yield* kept("0", "1", "1000")
    })
    expect(await withMemory({}, program)).toEqual(["1", "1000"])
  })

  it("keeps 64 MiB of journals unless told otherwise", async () => {
    const eighth = "x".repeat(4 * 2 ** 20 - 1)
    const program = Effect.gen(function* () {
      for (const id of "abcdefgh") yield* put(id, eighth)
      const full = yield* kept(..."abcdefgh")
      yield* put("i", "")
      return [full.join(""), (yield* kept(..."abcdefghi")).join("")]
    })
    expect(await withMemory({}, program)).toEqual(["abcdefgh", "bcdefghi"])
  })

  it.each([
    [{ maxEntries: 0 }, "JournalStore.layerMemory: maxEntries is 0; use an integer of 1 or more."],
    [{ maxEntries: 1.5 }, "JournalStore.layerMemory: maxEntries is 1.5; use an integer of 1 or more."],
    [{ maxBytes: Number.NaN }, "JournalStore.layerMemory: maxBytes is NaN; use an integer of 1 or more."],
    [{ maxBytes: "1 MB" as never }, "JournalStore.layerMemory: maxBytes is 1 MB; use an integer of 1 or more."]
  ])("refuses the limits %o while the server is being put together", (options, message) => {
    expect(() => JournalStore.layerMemory(options)).toThrow(new DefinitionError(message))
  })
})
