import { expect, it } from "vitest"
import { useHostileNames } from "./hostile-names.ts"

it("names of Object's own members are names like others wherever a client may give one, and change no prototype", async () => {
  expect(await useHostileNames()).toBe(504)
})
