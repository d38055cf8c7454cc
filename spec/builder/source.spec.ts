import { DefinitionError, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { isSource, source } from "../../lib/builder/source.ts"

const load = () => [tool({ name: "a" }, () => "")]

describe("source", () => {
  it("is a frozen value, and loads nothing by itself", () => {
    let loads = 0
    const counted = source({
      name: "plugins",
      load: () => {
        loads++
        return load()
      },
      kinds: ["tools", "tools"]
    })
    expect([counted.name, counted.kinds]).toEqual(["plugins", ["tools"]])
    expect(Object.isFrozen(counted) && Object.isFrozen(counted.kinds)).toBe(true)
    expect([isSource(counted), isSource({}), isSource(null)]).toEqual([true, false, false])
    expect(loads).toBe(0)
  })

  it("may bring components of any kind, unless it says otherwise", () => {
    expect(source({ load }).kinds).toEqual(["tools", "resources", "prompts"])
  })

  it.each<[string, unknown, string]>([
    ["no options", undefined, "source(…) takes { load, changes }."],
    ["an empty name", { load, name: "" }, 'source: name is ""; give it a non-empty string, or leave it out.'],
    ["no load", {}, 'source "source": load must be a function that gives an array of components, or an Effect.'],
    [
      "a list of components for load",
      { name: "x", load: load() },
      'source "x": load must be a function that gives an array of components, or an Effect.'
    ],
    [
      "changes that are no function",
      { load, changes: 1 },
      'source "source": changes must be a function, (notify) => how to stop.'
    ],
    [
      "no kinds",
      { load, kinds: [] },
      'source "source": kinds is []; name at least one of "tools", "resources", "prompts".'
    ],
    [
      "an unknown kind",
      { load, kinds: ["tool"] },
      'source "source": kinds is ["tool"]; name at least one of "tools", "resources", "prompts".'
    ]
  ])("refuses %s", (_, options, message) => {
    expect(() => source(options as never)).toThrow(new DefinitionError(message))
  })
})

describe("server.source", () => {
  it("gives a new server, and leaves the one before it alone", () => {
    const before = server({ name: "s", version: "1" })
    const after = before.source(source({ load }))
    expect([before, after].map((one) => one["~mcpipe/Server"].sources.length)).toEqual([0, 1])
  })

  it("refuses what is no source", () => {
    expect(() => server({ name: "s", version: "1" }).source({ load } as never)).toThrow(
      new DefinitionError('server "s".source(…) takes a source: make one with source({ load, changes }).')
    )
  })
})
