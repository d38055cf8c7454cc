import { assemble } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import effect from "../../examples/booking/effect.ts"
import plain from "../../examples/booking/server.ts"
import { connectWire } from "../kit/wire.ts"
import { children, inBothStyles, type Person, timeout } from "./clients.ts"

const text = (result: any): string => result.content[0].text

let stderr: Array<string>
beforeEach(() => {
  stderr = []
  vi.spyOn(console, "error").mockImplementation((...words) => void stderr.push(words.join(" ")))
})
afterEach(() => vi.restoreAllMocks())

const place = "Where to?"
const stay = "Who travels, and for how many nights?"
const price = "Lisbon, nights: 3, 360 EUR. Book it?"

const accept = (content: object) => ({ action: "accept", content })

/** Answers by what is asked, and keeps what was asked in order. */
const person = (changes: Readonly<Record<string, object>> = {}) => {
  const asked: Array<string> = []
  const answers: Readonly<Record<string, object>> = {
    [place]: accept({ choice: "Lisbon" }),
    [stay]: accept({ name: "Ada", nights: 3 }),
    [price]: accept({ ok: true }),
    ...changes
  }
  const elicitation: Person["elicitation"] = ({ message }) => {
    asked.push(message)
    const answer = answers[message]
    if (answer === undefined) throw new Error(`Nobody expected ${JSON.stringify(message)}.`)
    return answer
  }
  const sampling: Person["sampling"] = ({ messages }) => {
    asked.push(messages[0].content.text ?? messages[0].content[0].text)
    return "The tram is waiting!"
  }
  return { asked, elicitation, sampling }
}

const runs = () => stderr.filter((line) => line === "book_hotel: runs").length
const charges = () => stderr.filter((line) => line.startsWith("payments:"))

inBothStyles({ plain: () => assemble(plain), effect: () => assemble(effect) }, (connect, { replays }) => {
  it("asks for what it needs, charges once what the user agreed to, and has the client's model say a line", async () => {
    const { asked, ...ada } = person()
    await using at = await connect(ada)
    const booked = await at.client.call("book_hotel")
    expect(text(booked)).toBe("Booked Lisbon for Ada: 360 EUR, receipt R1. The tram is waiting!")
    expect(booked.isError).not.toBe(true)
    expect(asked).toEqual([place, stay, price, "Welcome Ada to Lisbon, in one line."])
    expect(charges()).toEqual(["payments: charged Ada 360 EUR"])
    expect(runs()).toBe(replays ? 4 : 1)
  })

  it("takes a second booking for one of its own, at the price of its day", async () => {
    const { asked: _, ...ada } = person({ "Lisbon, nights: 3, 363 EUR. Book it?": accept({ ok: true }) })
    await using at = await connect(ada)
    expect(text(await at.client.call("book_hotel"))).toMatch(/360 EUR, receipt R1/)
    expect(text(await at.client.call("book_hotel"))).toMatch(/363 EUR, receipt R2/)
    expect(charges()).toEqual(["payments: charged Ada 360 EUR", "payments: charged Ada 363 EUR"])
  })

  it("says a line of its own to a client without a model", async () => {
    const { elicitation } = person()
    await using at = await connect({ elicitation })
    expect(text(await at.client.call("book_hotel"))).toBe("Booked Lisbon for Ada: 360 EUR, receipt R1. Enjoy Lisbon!")
    expect(charges()).toHaveLength(1)
    expect(runs()).toBe(replays ? 3 : 1)
  })

  it("books and charges nothing when the user does not agree to the price", async () => {
    for (const no of [accept({ ok: false }), { action: "decline" }]) {
      const { asked: _, ...ada } = person({ [price]: no })
      await using at = await connect(ada)
      expect(text(await at.client.call("book_hotel"))).toBe("Nothing was booked.")
    }
    expect(charges()).toEqual([])
  })

  it("tells the model which question the user declined", async () => {
    const { asked: _, ...ada } = person({ [place]: { action: "decline" } })
    await using at = await connect(ada)
    const declined = await at.client.call("book_hotel")
    expect(declined.isError).toBe(true)
    expect(text(declined)).toBe(`The user declined to answer: ${place}`)
    expect(charges()).toEqual([])
  })

  it("asks again for what cannot be, saying why", async () => {
    const again = `${stay}\n\nThe last answer was not accepted:\n- nights: expected <=30, received 365`
    const changes = { [stay]: accept({ name: "Ada", nights: 365 }), [again]: accept({ name: "Ada", nights: 3 }) }
    const { asked, ...ada } = person(changes)
    await using at = await connect(ada)
    expect(text(await at.client.call("book_hotel"))).toMatch(/^Booked Lisbon for Ada: 360 EUR, receipt R1/)
    expect(asked.slice(0, 4)).toEqual([place, stay, again, price])
    expect(charges()).toHaveLength(1)
  })

  it("charges nothing where the client cannot ask anybody", async () => {
    await using at = await connect()
    const call = at.client.call("book_hotel")
    // on 2026-07-28 it is an error of the protocol, -32021
    if (replays) await expect(call).rejects.toMatchObject({ code: -32021 })
    else expect(text(await call)).toMatch(/this client does not support that here/)
    expect(charges()).toEqual([])
  })
})

it.each([
  ["plain", plain],
  ["effect", effect]
])("in %s style, a client that sends one round twice is charged once", async (_, server) => {
  await using wire = await connectWire(server, { capabilities: { elicitation: { form: {} } } })
  const answers: Readonly<Record<string, object>> = {
    [place]: accept({ choice: "Lisbon" }),
    [stay]: accept({ name: "Ada", nights: 3 }),
    [price]: accept({ ok: true })
  }
  const answered = ({ result: { inputRequests, requestState } }: any) => ({
    name: "book_hotel",
    requestState,
    inputResponses: Object.fromEntries(
      Object.entries<any>(inputRequests).map(([id, { params }]) => [id, answers[params.message]])
    )
  })
  const asked = await wire.request("tools/call", { name: "book_hotel" })
  expect(Object.keys(asked.result.inputRequests)).toHaveLength(2)
  const last = answered(await wire.request("tools/call", answered(asked)))
  const booked = "Booked Lisbon for Ada: 360 EUR, receipt R1. Enjoy Lisbon!"
  expect(text((await wire.request("tools/call", last)).result)).toBe(booked)
  expect(text((await wire.request("tools/call", last)).result)).toBe(booked)
  expect(charges()).toEqual(["payments: charged Ada 360 EUR"])
})

describe("as a child process on stdio", () => {
  it.each(children)("main.ts $flags books for $title", { timeout }, async ({ inChild, flags, replays }) => {
    const { asked: _, ...ada } = person()
    await using child = await inChild("booking", flags, ada)
    expect(text(await child.client.call("book_hotel"))).toMatch(/^Booked Lisbon for Ada: 360 EUR, receipt R1/)
    await child.close()
    const lines = child.stderr().trim().split("\n")
    expect(lines.filter((line) => line === "book_hotel: runs")).toHaveLength(replays ? 4 : 1)
    expect(lines.filter((line) => line.startsWith("payments:"))).toEqual(["payments: charged Ada 360 EUR"])
  })
})
