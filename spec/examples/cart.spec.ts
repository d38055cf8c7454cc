import { connect } from "mcpipe/testing"
import { describe, expect, it, vi } from "vitest"
import effect from "../../examples/cart/effect.ts"
import plain from "../../examples/cart/server.ts"

describe.each([
  ["plain", plain],
  ["Effect", effect]
])("carts in %s style", (_, main) => {
  it("are opened by their handle, whoever else has one", async () => {
    await using client = await connect(main)
    const [mine, other] = [await client.call("open_cart"), await client.call("open_cart")]
    expect(mine).not.toBe(other)
    await client.call("add_item", { cart: mine, item: "tea" })
    await client.call("add_item", { cart: other, item: "ham" })
    expect(await client.call("add_item", { cart: mine, item: "milk" })).toEqual(["tea", "milk"])
  })

  it("are not opened by a handle nobody was given", async () => {
    await using client = await connect(main)
    await expect(client.call("add_item", { cart: "x".repeat(32), item: "tea" })).rejects.toThrow("session")
  })

  it("come by themselves where the caller has a name or a session, and are refused where it has neither", async () => {
    await using nobody = await connect(main)
    await expect(nobody.call("remember", { item: "tea" })).rejects.toThrow("Session.create")
    await using ada = await connect(main, { principal: "ada" })
    await ada.call("remember", { item: "tea" })
    expect(await ada.call("remember", { item: "milk" })).toEqual(["tea", "milk"])
    await using connection = await connect(main, { era: "handshake" })
    expect(await connection.call("remember", { item: "jam" })).toEqual(["jam"])
  })
})

describe("the booking in memory", () => {
  it("says what its comment says", async () => {
    const printed: Array<unknown> = []
    vi.spyOn(console, "error").mockImplementation(() => {})
    vi.spyOn(console, "log").mockImplementation((line) => void printed.push(line))
    await import("../../examples/booking/testing.ts")
    vi.restoreAllMocks()
    expect(printed).toEqual(["Booked Lisbon for Ada: 240 EUR, receipt R1. The tram is waiting!"])
  })
})
