import { jsonSchema, server, tool } from "mcpipe"
import { expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"
import { told } from "./figures.ts"
import { processorOf } from "./processor.ts"

const timeout = 5 * 60_000

/** Subschemas that a schema may hold, but for those around them. */
const most = 9_990

const property = (_: unknown, n: number) => [`property_${n}`, { type: "string", description: "x".repeat(80) }]

it.each([
  ["alternatives", { value: { anyOf: Array.from({ length: most }, (_, n) => ({ const: n })) } }, { value: "none" }],
  ["properties in 1 MB", Object.fromEntries(Array.from({ length: most }, property)), { property_9: 9 }]
] as const)(
  "a call that fits none of as many %s as a schema may have is refused without holding the loop for 100 ms",
  { timeout },
  async (what, properties, args) => {
    const spent = processorOf("self")
    const document = { type: "object", properties }
    const begun = spent().ran
    const main = server({ name: "wide", version: "1" }).tool(
      tool({ name: "wide", input: jsonSchema(document) }, () => "ok")
    )
    const defined = spent().ran - begun
    await using wire = await connectWire(main)
    let longest = 0
    for (let n = 0; n < 10; n++) {
      const before = spent().ran
      expect(await wire.call("wide", args)).toMatchObject({ isError: true })
      longest = Math.max(longest, spent().ran - before)
    }
    told`R-5: a schema of ${most} ${what} (${JSON.stringify(document).length} characters) defined in ${defined} ms, a call that does not fit refused in ${longest} ms of processor time at most`
    expect(longest).toBeLessThan(100)
  }
)
