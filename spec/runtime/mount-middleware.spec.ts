import { Context, Effect, middleware, provides, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { info, sayTool, saying, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

const main = () => server(info("main"))

describe.each(spoken)("on %s", (speak) => {
  describe("middleware of a mount", () => {
    const trace = (log: Array<string>, who: string) =>
      middleware({
        callTool: (next, call) => {
          log.push(`${who} ${call.name}`)
          return next(call)
        },
        request: (next, { name }) => {
          log.push(`${who} request ${name}`)
          return next
        },
        listTools: (next, call) => {
          log.push(`${who} list`)
          return next(call)
        }
      })

    it("stands inside its parent's and outside its server's, and knows the names of its server", async () => {
      const log: Array<string> = []
      const child = server(info("child")).tool(sayTool("t", "t")).use(trace(log, "child"))
      const parent = main()
        .mount("c", child, { rename: { t: "u" }, use: [trace(log, "first"), trace(log, "second")] })
        .use(trace(log, "parent"))
      await using wire = await connectWire(parent, { speak })
      log.length = 0
      await wire.call("c_u")
      expect(log).toEqual([
        "parent request c_u",
        "first request t",
        "second request t",
        "child request t",
        "parent c_u",
        "first t",
        "second t",
        "child t"
      ])
      log.length = 0
      await wire.request("tools/list")
      expect(log).toEqual(["parent request undefined", "parent list", "first list", "second list", "child list"])
    })

    it("gives services to the mounted server, where it is mounted with it", async () => {
      class Tenant extends Context.Service<Tenant, string>()("spec/Tenant") {}
      const child = server(info("child")).tool(
        tool({ name: "whose" }, function* () {
          return yield* Tenant
        })
      )
      const of = (name: string) => ({ use: provides(Tenant, Effect.succeed(name)) })
      expect(await saying(main().mount("a", child, of("ann")).mount("b", child, of("bob")), speak)).toEqual({
        "tool a_whose": "ann",
        "tool b_whose": "bob"
      })
    })
  })
})
