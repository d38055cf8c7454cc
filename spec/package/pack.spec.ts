import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { run } from "../kit/spawn.ts"
import { type Consumer, installConsumer } from "./consumer.ts"

let consumer: Consumer

beforeAll(async () => {
  consumer = await installConsumer()
}, 120_000)

afterAll(() => consumer?.remove())

describe("the published package", () => {
  it("holds the built library, its source for the source maps, and nothing else", () => {
    const expected = /^(dist\/.+\.(js|d\.ts)(\.map)?|lib\/.+\.ts|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/
    expect(consumer.files.filter((file) => !expected.test(file))).toEqual([])
    const sources = consumer.files.filter((file) => file.startsWith("lib/"))
    const declared = sources.flatMap((file) => {
      const stem = file.replace(/^lib/, "dist").replace(/\.ts$/, "")
      return [`${stem}.d.ts`, `${stem}.d.ts.map`]
    })
    const built = consumer.files.filter((file) => file.startsWith("dist/"))
    expect(built.filter((file) => /\.d\.ts(\.map)?$/.test(file))).toEqual(declared.sort())
  })

  it("is few files to load: the entry, the chunks it shares with the others, and node:http for whoever serves over it", async () => {
    const scripts = consumer.files.filter((file) => file.endsWith(".js")).map((file) => file.replace(/-\w{8}/, ""))
    const entries = Object.keys(JSON.parse(await readFile(join(consumer.library, "package.json"), "utf8")).exports)
      .filter((entry) => entry !== "./package.json")
      .map((entry) => join("dist", entry, "index.js"))
    expect([...new Set(scripts)].sort()).toEqual(["dist/chunk.js", ...entries, "dist/node.js"].sort())
    const loaded = await loadedBy(join(consumer.library, "dist/index.js"))
    // one chunk for each set of entries that share something
    expect(loaded.length).toBeLessThanOrEqual(18)
    expect(consumer.files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md"]))
  })

  it("imports Effect by its deep modules only, and no TypeScript file at run time", async () => {
    const faults: Array<string> = []
    for (const file of consumer.files.filter((name) => /^dist\/.+\.(js|d\.ts)$/.test(name))) {
      const text = await readFile(join(consumer.library, file), "utf8")
      for (const [, specifier = ""] of text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"([^"\n]+)"/g)) {
        const wrong = specifier === "effect" || (file.endsWith(".js") && /^\..*(?<!\.js)$/.test(specifier))
        if (wrong) faults.push(`${file} imports ${specifier}`)
      }
    }
    expect(faults).toEqual([])
  })

  it("satisfies publint", async () => {
    const { messages, pkg } = await publint({ pkgDir: consumer.library, pack: false, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg as never, { color: false }))).toEqual([])
  })

  it("gives every ES module resolution its types", { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await consumer.exec("attw", [
      consumer.tarball,
      "--profile",
      "esm-only",
      "--no-definitely-typed"
    ])
    expect(code, stdout + stderr).toBe(0)
  })
})

/** The script and every script it imports as it loads. */
const loadedBy = async (script: string, seen: Array<string> = []): Promise<ReadonlyArray<string>> => {
  if (seen.includes(script)) return seen
  seen.push(script)
  const text = await readFile(script, "utf8")
  for (const [, specifier = ""] of text.matchAll(/^(?:import|export)[^"]*"(\.[^"]+)"/gm)) {
    await loadedBy(join(dirname(script), specifier), seen)
  }
  return seen
}

/** The README's five minutes: one tool, served on stdio. */
const program = `
import { serve, server, tool } from "mcpipe"
import * as v from "valibot"

const add = tool(
  { name: "add", description: "Add two numbers", input: { a: v.number(), b: v.number() } },
  ({ a, b }) => a + b
)
await serve(server({ name: "app", version: "1.0.0" }).add(add))
`

describe("in somebody's project", () => {
  it("a module in plain JavaScript serves a tool on stdio", { timeout: 20_000 }, async () => {
    await consumer.write("main.mjs", program)
    await using child = run(process.execPath, ["main.mjs"], { cwd: consumer.folder })
    const initialized = await child.request({
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "hand", version: "1" } }
    })
    expect(initialized.result).toMatchObject({
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "app", version: "1.0.0" }
    })
    child.send({ jsonrpc: "2.0", method: "notifications/initialized" })
    const called = await child.request({
      id: 2,
      method: "tools/call",
      params: { name: "add", arguments: { a: 2, b: 3 } }
    })
    expect(called.result.content).toEqual([{ type: "text", text: "5" }])
    child.end()
    expect(await child.ended()).toEqual({ code: 0, signal: null })
    expect(child.stdout().trim().split("\n")).toHaveLength(2)
  })

  it("specs run on mcpipe/testing, which loads no SDK either", async () => {
    await consumer.write(
      "spec.mjs",
      `import { server, tool } from "mcpipe"
       import { accept, connect } from "mcpipe/testing"
       const ask = tool({ name: "ask" }, async (_, { elicit }) => String(await elicit.confirm("Sure?")))
       const client = await connect(server({ name: "app", version: "1.0.0" }).tool(ask), { elicitation: [accept({ ok: true })] })
       console.log(await client.call(ask))
       await client.close()`
    )
    const { code, stdout, stderr } = await consumer.exec(process.execPath, ["spec.mjs"])
    expect([code, stdout, stderr]).toEqual([0, "true\n", ""])
  })

  it("importing mcpipe starts nothing, and loads neither the Effect barrel nor the SDK", async () => {
    await consumer.write(
      "trace.mjs",
      `import { register } from "node:module"
       import { writeSync } from "node:fs"
       import { isMainThread } from "node:worker_threads"
       if (isMainThread) register(import.meta.url)
       export const load = (url, context, next) => (writeSync(2, "loaded " + url + "\\n"), next(url, context))`
    )
    await consumer.write(
      "import.mjs",
      `const before = process.getActiveResourcesInfo().sort()
       await import("mcpipe")
       console.log(JSON.stringify([before, process.getActiveResourcesInfo().sort()]))`
    )
    const { code, stdout, stderr } = await consumer.exec(process.execPath, ["--import", "./trace.mjs", "import.mjs"])
    expect(code, stderr).toBe(0)
    const [before, after] = JSON.parse(stdout)
    expect(after).toEqual(before)
    const loaded = stderr.split("\n").filter((line) => line.startsWith("loaded "))
    expect(loaded.filter((url) => /node_modules\/mcpipe\/dist\/index\.js$/.test(url))).toHaveLength(1)
    expect(loaded.filter((url) => /effect\/dist\/index\.js$|@modelcontextprotocol/.test(url))).toEqual([])
  })

  it.each([
    { module: "node16", moduleResolution: "node16" },
    { module: "nodenext", moduleResolution: "nodenext" },
    { module: "esnext", moduleResolution: "bundler" }
  ])(
    "the types resolve and catch a mistake under moduleResolution $moduleResolution",
    { timeout: 60_000 },
    async (options) => {
      const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true }
      const compilerOptions = { ...options, ...strict, target: "es2022", noEmit: true, types: [] }
      await consumer.write("good.ts", program)
      await consumer.write("bad.ts", program.replace("a + b", "{ const text: string = a; return text + b }"))
      await consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["good.ts", "bad.ts"] }))
      const { stdout } = await consumer.exec("tsc", ["-p", "tsconfig.json", "--pretty", "false"])
      expect(stdout.trim()).toMatch(
        /^bad\.ts\(\d+,\d+\): error TS2322: Type 'number' is not assignable to type 'string'\.$/
      )
    }
  )
})
