import { DefinitionError, middleware } from "mcpipe"
import { describe, expect, it } from "vitest"
import { hookNames } from "../../lib/builder/middleware.ts"

describe("a middleware", () => {
  it("is an immutable record of the hooks it was given", () => {
    const hooks = Object.fromEntries(hookNames.map((name) => [name, (next: any, call: any) => next(call)]))
    const m = middleware(hooks as never)
    expect(Object.keys(m["~mcpipe/Middleware"].hooks)).toEqual([...hookNames])
    expect(() => Object.assign(m, { "~mcpipe/Middleware": {} })).toThrow(TypeError)
  })

  it("made from one function has that as its request hook; hooks left undefined are none", () => {
    expect(Object.keys(middleware((next) => next)["~mcpipe/Middleware"].hooks)).toEqual(["request"])
    expect(Object.keys(middleware({ callTool: undefined })["~mcpipe/Middleware"].hooks)).toEqual([])
  })

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "middleware: pass a record of hooks, or one function, which then is its request hook."],
    ["null", null, "middleware: pass a record of hooks, or one function, which then is its request hook."],
    ["text", "log", "middleware: pass a record of hooks, or one function, which then is its request hook."],
    [
      "a hook that does not exist",
      { callTools: () => {} },
      `middleware: there is no hook "callTools"; there are ${hookNames.join(", ")}.`
    ],
    [
      "a hook named like a method of objects",
      { toString: () => {} },
      `middleware: there is no hook "toString"; there are ${hookNames.join(", ")}.`
    ],
    ["a hook that is no function", { callTool: {} }, "middleware: the hook callTool must be a function."]
  ])("made from %s is refused", (_, given, message) => {
    expect(() => middleware(given as never)).toThrow(new DefinitionError(message))
  })
})
