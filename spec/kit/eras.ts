import { afterAll, beforeAll, describe } from "vitest"
import { connect, type TestClient, type Testable } from "./clients.ts"
import type { Respondent } from "./clients-asked.ts"

export type Era = "handshake" | "sessionless"

/** One way to reach a server: what carries the messages, and who speaks which revision. */
export interface Combination {
  readonly transport: "memory" | "stdio" | "http"
  /** `v1`: @modelcontextprotocol/sdk. `v2`: @modelcontextprotocol/client. `v2-legacy`: the same, told to shake hands. */
  readonly client: "v1" | "v2" | "v2-legacy"
  readonly era: Era
  readonly revision: "2025-11-25" | "2026-07-28"
}

const clients = [
  { client: "v1", era: "handshake", revision: "2025-11-25" },
  { client: "v2", era: "sessionless", revision: "2026-07-28" },
  { client: "v2-legacy", era: "handshake", revision: "2025-11-25" }
] as const

/** Every transport with every client. */
export const combinations: ReadonlyArray<Combination> = (["memory", "stdio", "http"] as const).flatMap((transport) =>
  clients.map((client) => ({ transport, ...client }))
)

/** Both eras in memory, each with the official client of its time. */
export const bothEras = combinations.filter(({ transport, client }) => transport === "memory" && client !== "v2-legacy")

export const nameOf = ({ transport, client, revision }: Combination): string =>
  `${client} ${revision} over ${transport}`

/**
 * Registers specs that must hold in both eras: once in memory with the official client of each.
 * All of one era share a connection, open from the first spec to the last.
 */
export const inBothEras = (server: Testable, specs: Specs, respondent?: Respondent): void =>
  inCombinations(bothEras, server, specs, respondent)

/** Registers specs that must hold in all combinations; the server must be the default export of a module. */
export const onEveryTransport = (module: URL, specs: Specs): void => inCombinations(combinations, module, specs)

/** Registers specs that must hold in these combinations. All clients have the same `respondent`, and are connected in turn. */
export const inCombinations = (
  where: ReadonlyArray<Combination>,
  server: Testable,
  specs: Specs,
  respondent?: Respondent
): void => {
  for (const at of where) {
    describe(nameOf(at), () => {
      let client: TestClient | undefined
      beforeAll(async () => {
        client = await connect(server, at, respondent)
      })
      afterAll(() => client?.[Symbol.asyncDispose]())
      specs(() => client!, at)
    })
  }
}

/** Calls `it`; `client()` works inside of it. */
export type Specs = (client: () => TestClient, at: Combination) => void
