import { describe, expect, it } from "vitest"
import { encodeMessage, encodeReply } from "../../lib/protocol/encode.ts"
import type { JsonRpcResult } from "../../lib/protocol/json-rpc.ts"

const decode = (encoded: string | Uint8Array) =>
  JSON.parse(typeof encoded === "string" ? encoded : new TextDecoder().decode(encoded))

describe("encodeMessage", () => {
  it.each([7, "seven", 'quote " and ü'])("puts prepared result bytes into the response with id %j", (id) => {
    const bytes = new TextEncoder().encode('{"name":"größe"}}')
    const encoded = encodeMessage({ jsonrpc: "2.0", id, result: {} }, bytes)
    expect(decode(encoded)).toStrictEqual({ jsonrpc: "2.0", id, result: { name: "größe" } })
  })

  it("writes a batch as an array", () => {
    const batch: Array<JsonRpcResult> = [1, 2].map((id) => ({ jsonrpc: "2.0", id, result: {} }))
    expect(decode(encodeMessage(batch))).toStrictEqual(batch)
  })

  const cyclic: Record<string, unknown> = {}
  cyclic["self"] = cyclic
  it.each([
    ["a cycle", cyclic],
    ["a BigInt", { n: 1n }],
    [
      "a throwing toJSON",
      {
        n: {
          toJSON: () => {
            throw new Error("secret")
          }
        }
      }
    ]
  ])("answers an error with the same id where the result holds %s", (_, result) => {
    const error = {
      code: -32603,
      message:
        "The answer is not JSON: it holds a cycle, a BigInt or a value whose toJSON fails, or is longer than any string can be."
    }
    expect(decode(encodeMessage({ jsonrpc: "2.0", id: 3, result }))).toStrictEqual({ jsonrpc: "2.0", id: 3, error })
    const good = { jsonrpc: "2.0", id: 4, result: {} } as const
    expect(decode(encodeMessage([good, { jsonrpc: "2.0", id: 3, result }]))).toStrictEqual([
      good,
      { jsonrpc: "2.0", id: 3, error }
    ])
  })
})

describe("encodeReply", () => {
  it("is empty for an accepted notification", () => {
    expect(encodeReply({ status: 202 })).toBe("")
  })
})
