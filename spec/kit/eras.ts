import { describe, it } from "vitest"
import { connect, type TestClient, type Testable } from "./clients.ts"

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

export const nameOf = ({ transport, client, revision }: Combination): string => `${client} ${revision} over ${transport}`

/** A promise that must hold in both eras: runs `body` in memory, once with the official client of each. */
export const inBothEras = (title: string, server: Testable, body: (client: TestClient) => Promise<void>): void =>
  each(title, bothEras, server, body)

/** A promise that must hold everywhere: runs `body` in all combinations; the server must be the default export of a module. */
export const onEveryTransport = (title: string, module: URL, body: (client: TestClient) => Promise<void>): void =>
  each(title, combinations, module, body)

const each = (
  title: string,
  where: ReadonlyArray<Combination>,
  server: Testable,
  body: (client: TestClient) => Promise<void>
): void =>
  describe(title, () => {
    for (const at of where) {
      it(nameOf(at), async () => {
        await using client = await connect(server, at)
        await body(client)
      })
    }
  })
