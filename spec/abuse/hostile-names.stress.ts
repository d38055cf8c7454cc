import { expect, it } from "vitest"
import { scaled, told } from "./figures.ts"
import { useHostileNames } from "./hostile-names.ts"

it("names of Object's own members are names like others, however often they are used", async () => {
  const rounds = scaled(20)
  let made = 0
  for (let round = 0; round < rounds; round++) made += await useHostileNames()
  told`R-6: ${made} requests with names of Object's own members at every place, each answered as any other; Object.prototype is what it was`
  expect(made).toBe(504 * rounds)
})
