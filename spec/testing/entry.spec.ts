import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import * as testing from "../../lib/testing/index.ts"

it("mcpipe/testing exports these values, and no others", () => {
  expect(Object.keys(testing).sort()).toEqual([
    "ClientClosed",
    "RequestError",
    "accept",
    "cancel",
    "connect",
    "connectScoped",
    "decline",
    "invoke"
  ])
})

it("mcpipe/testing exports these types, and no others", () => {
  const text = readFileSync(new URL("../../lib/testing/index.ts", import.meta.url), "utf8")
  const names = [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, type, list = ""]) =>
    list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => type !== undefined || name.startsWith("type "))
      .map((name) => name.replace(/^type /, ""))
  )
  expect(names.sort()).toEqual([
    "ArgumentOf",
    "Attempt",
    "CallOptions",
    "Called",
    "Calls",
    "ConnectOptions",
    "Discovered",
    "ElicitAnswer",
    "ElicitRequest",
    "ElicitScript",
    "GotPrompt",
    "Lists",
    "PrincipalInput",
    "PromptArgs",
    "ReadArgs",
    "RootsScript",
    "SamplingReply",
    "SamplingRequest",
    "SamplingScript",
    "Scripts",
    "TestClient",
    "ToolArgs",
    "ToolFailure",
    "ToolValue",
    "Traffic",
    "VirtualClock"
  ])
  expect(text).not.toContain("export *")
})
