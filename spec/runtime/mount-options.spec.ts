import { DefinitionError, server } from "mcpipe"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { info, read, refusal, sayPrompt, sayResource, sayTool, saying, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

const main = () => server(info("main"))

describe.each(spoken)("on %s", (speak) => {
  describe("only, except and rename", () => {
    const child = server(info("child")).add(
      sayTool("find_one", "find_one", { tags: ["read"] }),
      sayTool("find_all", "find_all", { tags: ["read", "slow"] }),
      sayTool("drop", "drop", { tags: ["write"] }),
      sayPrompt("ask", "ask"),
      sayResource("x://r", "r", { tags: ["read"] }),
      sayResource("x://d/{id}", "d")
    )
    const tags = { tag: "read" }
    it.each<[string, object, ReadonlyArray<string>]>([
      ["a name", { only: "drop" }, ["tool c_drop"]],
      ["a name with a wildcard", { only: "find_*" }, ["tool c_find_one", "tool c_find_all"]],
      ["wildcards inside", { only: "*_a*" }, ["tool c_find_all"]],
      ["a URI with a wildcard", { only: "x://*" }, ["resource x://c/r", "resource x://c/d/{id}"]],
      ["a tag", { only: tags }, ["tool c_find_one", "tool c_find_all", "resource x://c/r"]],
      ["a function", { only: ({ type }: { type: string }) => type === "prompt" }, ["prompt c_ask"]],
      ["alternatives", { only: ["drop", { tag: "slow" }] }, ["tool c_find_all", "tool c_drop"]],
      ["but for others", { only: tags, except: "find_all" }, ["tool c_find_one", "resource x://c/r"]],
      ["all but a tag", { except: [tags, "x://*"] }, ["tool c_drop", "prompt c_ask"]],
      ["nothing", { except: "*" }, []]
    ])("%s picks what is served", async (_, options, names) => {
      expect(Object.keys(await saying(main().mount("c", child, options), speak))).toEqual(names)
    })

    it("what is left out can neither be called nor read", async () => {
      await using wire = await connectWire(main().mount("c", child, { except: ["drop", "x://r"] }), { speak })
      const called = await wire.request("tools/call", { name: "c_drop", arguments: {} })
      expect(called.error.message).toBe('Unknown tool: "c_drop". tools/list names the ones there are.')
      expect(await read(wire, "x://c/r")).toMatch(/^Resource not found: "x:\/\/c\/r"/)
    })

    it("a new name comes after the namespace, and selections know the old one", async () => {
      const renamed = main().mount("c", child, { only: ["drop", "ask"], rename: { drop: "remove", ask: "question" } })
      expect(await saying(renamed, speak)).toEqual({ "tool c_remove": "drop", "prompt c_question": "ask" })
      const swapped = main().mount(child, { only: "find*", rename: { find_one: "find_all", find_all: "find_one" } })
      expect(await saying(swapped, speak)).toEqual({ "tool find_all": "find_one", "tool find_one": "find_all" })
    })

    it("a new name can end a collision or make one, which the policy decides", async () => {
      const parent = main().tool(sayTool("drop", "main"))
      const only = "drop"
      expect(await saying(parent.mount(child, { only, rename: { drop: "remove" } }), speak)).toEqual({
        "tool drop": "main",
        "tool remove": "drop"
      })
      const clash = { only: "find_one", rename: { find_one: "drop" } } as const
      expect(refusal(() => parent.mount(child, clash))).toMatch(
        /^Two tools are called "drop"; one is in server "main", the/
      )
      expect(await saying(parent.mount(child, { ...clash, collisions: "suffix" }), speak)).toEqual({
        "tool drop": "main",
        "tool drop_2": "find_one"
      })
    })
  })
})

describe("a mount that cannot be", () => {
  const child = server(info("child")).add(sayTool("find", "f"), sayResource("x://r", "r"))

  it.each<[string, () => AnyServer, string]>([
    [
      "only of a name that is not there",
      () => main().mount("c", child, { only: ["find", "fnid"] }),
      'server "child" mounted as "c": only names "fnid", which is not there; it has find, x://r.'
    ],
    [
      "except of a wildcard that fits nothing",
      () => main().mount("c", child, { except: "get_*" }),
      'server "child" mounted as "c": except names "get_*", which is not there; it has find, x://r.'
    ],
    [
      "rename of a name that is not there",
      () => main().mount("c", child, { rename: { c_find: "look" } }),
      'server "child" mounted as "c": rename names "c_find", which is not there; it has find.'
    ],
    [
      "rename of a resource, which is known by its URI",
      () => main().mount("c", child, { rename: { "x://r": "x://s" } }),
      'server "child" mounted as "c": rename names "x://r", which is not there; it has find.'
    ],
    [
      "rename on a server without components",
      () => main().mount(server(info("bare")), { rename: { a: "b" } }),
      'server "bare" mounted as "bare": rename names "a", which is not there; it has none.'
    ],
    [
      "a tool's new name with a space",
      () => main().mount("c", child, { rename: { find: "look up" } }),
      'server "child" mounted as "c": rename.find: "look up": use 1 to 128 letters, digits, "_", "-", "." or "/".'
    ]
  ])("%s stops the assembly", (_, make, message) => {
    expect(refusal(make)).toBe(message)
  })

  it.each<[string, unknown, string]>([
    [
      "an unknown option",
      { colisions: "keep" },
      'there is no option "colisions"; there are collisions, only, except, rename, use, transform.'
    ],
    ["an unknown policy", { collisions: "drop" }, 'collisions is "drop"; use "error", "suffix", "keep" or "replace".'],
    ["no options at all", 5, "pass a record of options: collisions, only, except, rename, use, transform."],
    [
      "an empty name",
      { only: "" },
      'only is ""; use names, in which * stands for anything, { tag }, a function, or an array of these.'
    ],
    [
      "an odd selection",
      { except: [{ tags: "x" }] },
      'except is [{"tags":"x"}]; use names, in which * stands for anything, { tag }, a function, or an array of these.'
    ],
    ["an empty new name", { rename: { find: " " } }, 'rename.find is " "; give it a non-empty name.'],
    ["a rename that is no record", { rename: "x" }, 'rename is "x"; use { oldName: "new_name" }.'],
    [
      "hooks that are no middleware",
      { use: [{}] },
      "use takes middleware, made by middleware({ … }), or an array of it."
    ],
    ["a transform that is a function", { transform: () => [] }, "transform takes a transform, or an array of them."]
  ])("%s is refused where it is mounted", (_, options, message) => {
    const mount = () => main().mount("c", child, options as never)
    expect(mount).toThrow(DefinitionError)
    expect(mount).toThrow(`server "main".mount("c", …): ${message}`)
  })
})
