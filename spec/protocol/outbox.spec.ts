import { describe, expect, it } from "vitest"
import { type Outbox, outbox } from "../../lib/protocol/outbox.ts"

const all = (box: Outbox): Array<string> => {
  const taken: Array<string> = []
  for (let one = box.take(); one !== undefined; one = box.take()) taken.push(one.message)
  return taken
}

describe("messages that wait for a client to listen", () => {
  it("come out in the order they came in", () => {
    const box = outbox()
    for (const message of ["1", "2", "3"]) box.add({ message, keep: message === "2" })
    expect(all(box)).toStrictEqual(["1", "2", "3"])
    expect(all(box)).toStrictEqual([])
  })

  it("are 64 at most: the oldest make room, except for questions", () => {
    const box = outbox()
    for (let n = 1; n <= 100; n++) box.add({ message: `${n}`, keep: n === 1 || n === 50 })
    const kept = all(box)
    expect(kept).toHaveLength(64)
    expect(kept.slice(0, 3)).toStrictEqual(["1", "38", "39"])
    expect(kept).toContain("50")
  })

  it("hold 32,768 characters at most, and give their room back", () => {
    const box = outbox()
    const large = "x".repeat(10_000)
    for (let round = 0; round < 3; round++) {
      for (const start of ["a", "b", "c", "d"]) box.add({ message: start + large, keep: false })
      expect(all(box).map((message) => message[0])).toStrictEqual(["b", "c", "d"])
    }
    box.add({ message: "x".repeat(40_000), keep: false })
    expect(all(box)).toStrictEqual([])
    box.add({ message: "x".repeat(40_000), keep: true })
    expect(all(box)).toHaveLength(1)
  })
})
