import { Effect, resource, server, tool } from "mcpipe"
import { describe, expect, it, vi } from "vitest"
import { TryAgainLater } from "../../lib/builder/errors.ts"
import { circuitBreaker } from "../../lib/middleware/circuit-breaker.ts"
import { concurrencyLimit } from "../../lib/middleware/concurrency-limit.ts"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"
import { adapters, type HttpPeer, httpPeer } from "../kit/http-peer.ts"
import { envelope, gate } from "../kit/wire.ts"

const info = { name: "s", version: "1" }
const echo = tool({ name: "echo" }, () => "echo")

type Call = (name: string, headers?: Record<string, string>) => Promise<Response>

/** Calls of each era: stateless ones of 2026-07-28, and those of one session of 2025-11-25. */
const eras: ReadonlyArray<readonly [string, (peer: HttpPeer) => Promise<Call>]> = [
  [
    "2026-07-28",
    async (peer) => (name, headers) => {
      const standard = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name }
      const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, _meta: envelope() } }
      return peer.request(body, { ...standard, ...headers })
    }
  ],
  [
    "2025-11-25",
    async (peer) => {
      const session = await peer.begin()
      let id = 0
      return (name, headers) =>
        session.send({ jsonrpc: "2.0", id: ++id, method: "tools/call", params: { name } }, headers)
    }
  ]
]

const facts = async (response: Response) => ({
  status: response.status,
  retryAfter: response.headers.get("retry-after"),
  body: await response.json()
})

for (const adapter of adapters) {
  for (const [era, callsOf] of eras) {
    describe(`over HTTP by ${adapter}, at ${era}`, () => {
      it("a rate limit answers 429 with the seconds to wait", async () => {
        await using peer = await httpPeer(
          adapter,
          server(info)
            .tool(echo)
            .use(rateLimit({ perHour: 1 }))
        )
        const call = await callsOf(peer)
        expect((await call("echo")).status).toBe(200)
        const { status, retryAfter, body } = await facts(await call("echo"))
        expect([status, body.error.code]).toEqual([429, -32603])
        expect(body.error.message).toBe(`Rate limit of 1 per hour reached: try again in ${retryAfter} seconds.`)
        expect(body.error.data).toEqual({ retryAfter: Number(retryAfter), limit: 1, window: 3_600_000 })
        expect(Number(retryAfter)).toBeGreaterThan(3_590)
      })

      it("a concurrency limit answers 503, or 429 where it knows callers apart", async () => {
        for (const [key, expected] of [
          [undefined, 503],
          ["principal", 429]
        ] as const) {
          const [held, began] = [gate(), gate()]
          const slow = tool({ name: "slow" }, () => {
            began.open()
            return Effect.as(
              Effect.promise(() => held.opened),
              "slow"
            )
          })
          await using peer = await httpPeer(
            adapter,
            server(info)
              .add(slow, echo)
              .use(concurrencyLimit({ max: 1, key }))
          )
          const call = await callsOf(peer)
          const first = call("slow")
          await began.opened
          const { status, retryAfter, body } = await facts(await call("echo"))
          expect([status, retryAfter, body.error.data]).toEqual([expected, "1", { retryAfter: 1, max: 1 }])
          held.open()
          expect((await first).status).toBe(200)
          expect((await call("echo")).status).toBe(200)
        }
      })

      it("an open circuit answers 503 with the seconds for which it stays open", async () => {
        vi.spyOn(console, "error").mockImplementation(() => {})
        const broken = tool({ name: "broken" }, () => {
          throw new Error("no route")
        })
        const breaker = circuitBreaker({ failures: 1, window: 60_000, openFor: 600_000 })
        await using peer = await httpPeer(adapter, server(info).tool(broken).use(breaker))
        const call = await callsOf(peer)
        expect((await call("broken")).status).toBe(200)
        const { status, retryAfter, body } = await facts(await call("broken"))
        expect([status, body.error.code]).toEqual([503, -32603])
        expect(body.error.data).toEqual({ retryAfter: Number(retryAfter) })
        expect(Number(retryAfter)).toBeGreaterThan(590)
      })

      it("a rate limit by address counts each IPv4 address and each IPv6 network", async () => {
        const limited = server(info)
          .tool(echo)
          .use(rateLimit({ perHour: 1, key: "ip" }))
        await using peer = await httpPeer(adapter, limited, { trustProxy: true })
        const call = await callsOf(peer)
        const statuses: Array<number> = []
        for (const address of [
          "192.0.2.1",
          "::ffff:192.0.2.1",
          "192.0.2.2",
          "2001:db8:0:1::1",
          "2001:db8:0:1:ffff::9",
          "2001:db8:0:2::1"
        ]) {
          statuses.push((await call("echo", { "x-forwarded-for": address })).status)
        }
        expect(statuses).toEqual([200, 429, 200, 200, 429, 200])
      })
    })
  }

  it(`by ${adapter}, a caller without session or principal is told apart by its address`, async () => {
    const limited = server(info)
      .tool(echo)
      .use(rateLimit({ perHour: 1 }))
    await using peer = await httpPeer(adapter, limited, { trustProxy: true })
    const call = await eras[0]![1](peer)
    const statuses: Array<number> = []
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
      statuses.push((await call("echo", { "x-forwarded-for": address })).status)
    }
    expect(statuses).toEqual([200, 429, 200])
  })

  it(`by ${adapter}, any hook or handler may say that a request should be tried later`, async () => {
    const busy = resource({ uri: "x://busy" }, () =>
      Effect.fail(new TryAgainLater("Busy.", { retryAfter: 7, code: 4, data: { why: "busy" } }))
    )
    await using peer = await httpPeer(adapter, server(info).resource(busy))
    const session = await peer.begin()
    const response = await session.send({
      jsonrpc: "2.0",
      id: 1,
      method: "resources/read",
      params: { uri: "x://busy" }
    })
    expect(await facts(response)).toEqual({
      status: 503,
      retryAfter: "7",
      body: {
        jsonrpc: "2.0",
        id: 1,
        error: { code: 4, message: "Busy.", data: { retryAfter: 7, why: "busy" } }
      }
    })
  })
}

it("TryAgainLater takes whole seconds only", () => {
  for (const retryAfter of [0, 1.5, Number.NaN]) {
    expect(() => new TryAgainLater("x", { retryAfter })).toThrow(
      `TryAgainLater: retryAfter is ${retryAfter}; use whole seconds, 1 or more.`
    )
  }
})
