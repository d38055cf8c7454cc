import { expect, it } from "vitest"
import { importFaults, importLoop } from "./rules.ts"
import { parseSource, readLibrary } from "./source.ts"

const library = readLibrary()

it("imports point inward, name files, and reach only what the library depends on", () => {
  expect(library.length).toBeGreaterThan(20)
  expect(library.flatMap((source) => source.imports).length).toBeGreaterThan(100)
  expect(library.flatMap(importFaults)).toEqual([])
})

it("no file needs, through others, itself to be loaded first", () => {
  expect(importLoop(library)).toEqual([])
})

it.each([
  ["builder/a.ts", `import { b } from "../services/b.ts"`, "builder may not know services"],
  ["services/a.ts", `import type { B } from "../runtime/b.ts"`, "services may not know runtime"],
  ["runtime/a.ts", `export * from "../protocol/b.ts"`, "runtime may not know protocol"],
  ["protocol/a.ts", `const b = await import("../transports/b.ts")`, "protocol may not know transports"],
  ["transports/http/a.ts", `import {\n  b\n} from "../../index.ts"`, "the front door is for users, import the module"],
  ["builder/a.ts", `import "./b"`, "name the file with its .ts extension"],
  ["lab/a.ts", `import "../builder/b.ts"`, "no room of that name"],
  ["builder/a.ts", `import * as Effect from "effect"`, "import the deep module"],
  ["builder/a.ts", `import { x } from "effect/unstable/http"`, "not a dependency of the library"],
  ["builder/a.ts", `import ts from "typescript"`, "not a dependency of the library"],
  [
    "services/a.ts",
    `import * as LanguageModel from "effect/ai/LanguageModel"`,
    "unstable, only effect-ai/ may know it"
  ],
  ["effect-ai/a.ts", `import { AiError } from "effect/ai"`, "not a dependency of the library"],
  ["effect-ai/a.ts", `import * as HttpRouter from "effect/http/HttpRouter"`, "not a dependency of the library"],
  ["effect-ai/a.ts", `import { b } from "../runtime/b.ts"`, "effect-ai may know builder and services alone"],
  ["services/a.ts", `import { b } from "../effect-ai/index.ts"`, "effect-ai is an entry for users, not a room"],
  ["index.ts", `export { b } from "./effect-ai/index.ts"`, "effect-ai is an entry for users, not a room"],
  [
    "transports/a.ts",
    `import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js"`,
    "load it when it is needed"
  ]
])("in %s, refuses %s", (path, text, fault) => {
  const faults = importFaults(parseSource(path, text))
  expect(faults).toHaveLength(1)
  expect(faults[0]).toContain(fault)
})

it.each([
  ["transports/http/a.ts", `import type { B } from "../../builder/b.ts"\nimport { c } from "./c.ts"`],
  [
    "effect-ai/a.ts",
    `import * as Tool from "effect/ai/Tool"\nimport { b } from "./b.ts"\nimport { c } from "../services/c.ts"`
  ],
  ["index.ts", `export { serve } from "./transports/serve.ts"\nexport * as Effect from "effect/Effect"`],
  [
    "transports/a.ts",
    `import type { T } from "@modelcontextprotocol/sdk/shared/transport.js"\nimport * as v from "valibot"`
  ],
  ["builder/a.ts", `/**\n * import { x } from "../transports/x.ts"\n */\nexport const a = 1`]
])("in %s, accepts %s", (path, text) => {
  expect(importFaults(parseSource(path, text))).toEqual([])
})

it("follows a loop through several files, but not through types", () => {
  const a = parseSource("builder/a.ts", `import { b } from "./b.ts"`)
  const b = parseSource("builder/b.ts", `import { c } from "./deep/c.ts"`)
  expect(importLoop([a, b, parseSource("builder/deep/c.ts", `import { a } from "../a.ts"`)])).toHaveLength(4)
  expect(importLoop([a, b, parseSource("builder/deep/c.ts", `import type { A } from "../a.ts"`)])).toEqual([])
})
