import { server } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { info, saidBy, sayResource, sayTool, spoken } from "../kit/served.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const main = () => server(info("main"))

let logged: Array<string>
beforeEach(() => {
  logged = []
  vi.spyOn(console, "error").mockImplementation((...args) => void logged.push(args.join(" ")))
})
afterEach(() => void vi.restoreAllMocks())

describe.each(spoken)("on %s", (speak) => {
  describe("a source under a policy", () => {
    const toolsOf = async (wire: Wire) => Object.entries(await saidBy(wire)).map((entry) => entry.join(" "))

    it("makes and ends collisions as its components come and go", async () => {
      const given = shelf({ kinds: ["tools", "resources"] })
      const child = server(info("child")).source(given.source)
      const own = main().add(sayTool("t", "main"), sayResource("x://r", "main"))
      const mounted = (collisions: "suffix" | "keep" | "replace") => own.mount(child, { collisions })
      const both = ["tool t main", "resource x://r main"]
      for (const [collisions, during] of [
        ["keep", both],
        ["replace", ["tool t child", "resource x://r child"]],
        ["suffix", ["tool t main", "tool t_2 child", "resource x://r main", "resource x://child/r child"]]
      ] as const) {
        given.hold()
        await using wire = await connectWire(mounted(collisions), { speak })
        expect(await toolsOf(wire)).toEqual(both)
        given.put(sayTool("t", "child"), sayResource("x://r", "child"))
        await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(during))
        given.put()
        await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(both))
      }
    })

    it("is not taken where it collides and the policy is to stop", async () => {
      const given = shelf({ holds: [sayTool("u", "child")] })
      const child = server(info("child")).source(given.source)
      await using wire = await connectWire(main().tool(sayTool("t", "main")).mount(child), { speak })
      given.put(sayTool("u", "child"), sayTool("t", "child"))
      await vi.waitFor(() => expect(logged.join()).toMatch(/does not fit in: Two tools are called "t"/))
      expect(await toolsOf(wire)).toEqual(["tool t main", "tool u child"])
    })

    it("may bring what only, except and rename name", async () => {
      const given = shelf({ holds: [sayTool("a", "a")] })
      const child = server(info("child")).source(given.source)
      const parent = main().mount(child, { only: ["a", "b"], rename: { b: "c" } })
      await using wire = await connectWire(parent, { speak })
      expect(await toolsOf(wire)).toEqual(["tool a a"])
      given.put(sayTool("a", "a"), sayTool("b", "b"), sayTool("d", "d"))
      await vi.waitFor(async () => expect(await toolsOf(wire)).toEqual(["tool a a", "tool c b"]))
    })
  })
})
