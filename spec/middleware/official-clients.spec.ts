import { server, tool } from "mcpipe"
import { expect, it } from "vitest"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"
import { inCombinations, combinations } from "../kit/eras.ts"

const limited = server({ name: "s", version: "1" })
  .tool(tool({ name: "echo" }, () => "echo"))
  .use(rateLimit({ perHour: 1 }))

inCombinations(
  combinations.filter(({ transport }) => transport !== "stdio"),
  limited,
  (client) => {
    it("hears why a call is refused and when to try again, and goes on with what is not", async () => {
      await client().call("echo")
      const refused = await client()
        .call("echo")
        .then(
          (answer: any) => String(answer.error?.message),
          (error) => String(error.message)
        )
      expect(refused).toMatch(/Rate limit of 1 per hour reached: try again in 3\d{3} seconds\./)
      expect(JSON.stringify(await client().list("tools"))).toContain('"echo"')
    })
  }
)
