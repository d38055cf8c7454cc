/** A tool that talks with its user, in a plain async function. `effect.ts` is the same server in Effect style. */
import { server, tool } from "mcpipe"
import * as v from "valibot"
import { cities, Hotels, HotelsLive } from "./hotels.ts"
import { Payments, PaymentsLive } from "./payments.ts"

// #region book
const stay = {
  name: v.pipe(v.string(), v.minLength(1), v.title("Name of the guest")),
  nights: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30))
}

export const bookHotel = tool(
  {
    name: "book_hotel",
    description: "Book a hotel room. Asks the user where, for whom and for how long.",
    uses: { hotels: Hotels, payments: Payments }
  },
  async (_, { hotels, payments, elicit, step, sample }) => {
    // once up to 2025-11-25; on 2026-07-28 once in each round
    console.error("book_hotel: runs")

    const [city, { name, nights }] = await Promise.all([
      elicit.choose("Where to?", cities),
      elicit("Who travels, and for how many nights?", stay)
    ])

    const price = await step("quote", () => hotels.price(city, nights))
    if (!(await elicit.confirm(`${city}, nights: ${nights}, ${price} EUR. Book it?`))) return "Nothing was booked."

    const key = await step.idempotencyKey("charge")
    const receipt = await step("charge", () => payments.charge(key, name, price))

    // it is paid by now, so a client without a model, or with one that says no, must not fail the call
    const welcome = await sample(`Welcome ${name} to ${city}, in one line.`).catch(() => `Enjoy ${city}!`)
    return `Booked ${city} for ${name}: ${price} EUR, receipt ${receipt}. ${welcome}`
  }
)
// #endregion book

export default server({ name: "booking", version: "1.0.0" }).tool(bookHotel).provide(HotelsLive).provide(PaymentsLive)
