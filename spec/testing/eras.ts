import { describe } from "vitest"

/** Registers the same specs for a client of each era. */
export const inEachEra = (specs: (era: "sessionless" | "handshake") => void): void => {
  for (const era of ["sessionless", "handshake"] as const) describe(`${era} client`, () => specs(era))
}

export const info = { name: "main", version: "1.0.0" }
