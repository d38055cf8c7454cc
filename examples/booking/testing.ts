/** Tries the booking in memory, with the user and the model scripted: `node testing.ts`. */
// #region test
import { accept, connect } from "mcpipe/testing"
import main, { bookHotel } from "./server.ts"

await using client = await connect(main, {
  elicitation: [accept({ choice: "Lisbon" }), accept({ name: "Ada", nights: 2 }), accept({ ok: true })],
  sampling: () => "The tram is waiting!"
})
console.log(await client.call(bookHotel)) // Booked Lisbon for Ada: 240 EUR, receipt R1. The tram is waiting!
// #endregion test
