/** The server of `server.ts` again, in Effect style. */
import { Durable, Effect, Elicitation, Sampling, server, tool } from "mcpipe"
import * as v from "valibot"
import { cities, Hotels, HotelsLive } from "./hotels.ts"
import { Payments, PaymentsLive } from "./payments.ts"

// #region book
const stay = {
  name: v.pipe(v.string(), v.minLength(1), v.title("Name of the guest")),
  nights: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30))
}

const bookHotel = tool(
  { name: "book_hotel", description: "Book a hotel room. Asks the user where, for whom and for how long." },
  function* () {
    // once up to 2025-11-25; on 2026-07-28 once in each round
    console.error("book_hotel: runs")
    const hotels = yield* Hotels
    const payments = yield* Payments

    const [city, { name, nights }] = yield* Effect.all(
      [Elicitation.choose("Where to?", cities), Elicitation.form("Who travels, and for how many nights?", stay)],
      { concurrency: "unbounded" }
    )

    const quote = Effect.promise(() => hotels.price(city, nights))
    const price = yield* Durable.step("quote", quote)
    const agreed = yield* Elicitation.confirm(`${city}, nights: ${nights}, ${price} EUR. Book it?`)
    if (!agreed) return "Nothing was booked."

    const key = yield* Durable.idempotencyKey("charge")
    const charge = Effect.promise(() => payments.charge(key, name, price))
    const receipt = yield* Durable.step("charge", charge)

    const welcome = yield* Effect.orElseSucceed(
      Sampling.text(`Welcome ${name} to ${city}, in one line.`),
      () => `Enjoy ${city}!`
    )
    return `Booked ${city} for ${name}: ${price} EUR, receipt ${receipt}. ${welcome}`
  }
)
// #endregion book

export default server({ name: "booking", version: "1.0.0" }).tool(bookHotel).provide(HotelsLive).provide(PaymentsLive)
