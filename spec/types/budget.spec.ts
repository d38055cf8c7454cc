import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { root, tsc } from "./tsc.ts"

/** Instantiations are counted, not seconds: they are the same on every machine. Measured on TypeScript 7.0.2, plus a quarter. */
const budgets = { chained: 241_000, added: 238_000, mixed: 167_000 }

const folder = mkdtempSync(join(tmpdir(), "mcpipe-budget-"))
writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const numbers = Array.from({ length: 200 }, (_, index) => index)

const head = `import { Context, Effect, prompt, resource, server, tool } from ${JSON.stringify(join(root, "lib/index.ts"))}
import * as v from "valibot"
${numbers
  .slice(0, 20)
  .map(
    (n) =>
      `export class S${n} extends Context.Service<S${n}, { readonly get: (id: string) => Effect.Effect<number> }>()("app/S${n}") {}`
  )
  .join("\n")}
export const main = server({ name: "main", version: "1" })
`

/** Tools with five fields each, no two alike, in three handler forms, that need one or two of twenty services. */
const tools = numbers.map((n) => {
  const fields = `id${n}: v.string(), limit${n}: v.optional(v.number(), ${n}), tags${n}: v.array(v.string()), at${n}: v.pipe(v.string(), v.transform(Number)), kind${n}: v.picklist(["a${n}", "b${n}"])`
  const [one, two] = [`S${n % 20}`, `S${(n * 7) % 20}`]
  const handler = [
    `function* (args) { yield* ${two}; return { n${n}: yield* (yield* ${one}).get(args.id${n}), tags: args.tags${n} } }`,
    `(args) => Effect.map(${one}, () => ({ n${n}: args.limit${n} }))`,
    `async (args, { one }) => ({ n${n}: args.at${n}, one: one.get(args.kind${n}) })`
  ][n % 3]
  const uses = n % 3 === 2 ? `, uses: { one: ${one} }` : ""
  return `const t${n} = tool({ name: "t${n}", input: { ${fields} }${uses} }, ${handler})`
})

const others = numbers.map((n) =>
  n % 2 === 0
    ? `const o${n} = resource({ uri: "s${n}://{id${n}}/{path*}{?q}", complete: { id${n}: (prefix) => [prefix] } }, (vars) => Effect.map(S${n % 20}, () => vars.id${n}))`
    : `const o${n} = prompt({ name: "p${n}", args: { a${n}: v.string(), b: v.optional(v.string()) } }, (args) => Effect.map(S${n % 20}, () => args.a${n}))`
)

const all = numbers
  .slice(0, 20)
  .map((n) => `S${n}`)
  .join(" | ")
const proof = `
export const needs: (${all}) extends (typeof full extends import(${JSON.stringify(join(root, "lib/index.ts"))}).Server<infer R> ? R : never) ? true : false = true
`

/** How many types the compiler instantiates for a program that has no errors; one of them would be "excessively deep". */
const instantiationsOf = async (name: string, text: string): Promise<number> => {
  writeFileSync(join(folder, `${name}.ts`), text)
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { noUnusedLocals: false },
      files: [`${name}.ts`],
      include: [],
      exclude: []
    })
  )
  // one thread, because several share what they count differently from run to run
  const printed = await tsc("-p", join(folder, `${name}.json`), "--extendedDiagnostics", "--singleThreaded")
  expect(printed.split("\n").filter((line) => line.includes(`${name}.ts(`))).toEqual([])
  return Number(/^Instantiations:\s+(\d+)/m.exec(printed)?.[1])
}

let library = 0
beforeAll(async () => {
  library = await instantiationsOf("library", head)
}, 60_000)

it.each([
  ["chained", [...tools, `const full = main${numbers.map((n) => `.tool(t${n})`).join("")}`]],
  ["added", [...tools, `const full = main.add(${numbers.map((n) => `t${n}`).join(", ")})`]],
  [
    "mixed",
    [
      ...tools.slice(0, 100),
      ...others.slice(0, 100),
      `const full = main.add(${numbers.map((n) => (n < 100 ? `t${n}` : `o${n - 100}`)).join(", ")})`
    ]
  ]
] as const)(
  "200 components, %s, stay within the budget of types",
  async (name, lines) => {
    const made = (await instantiationsOf(name, head + lines.join("\n") + proof)) - library
    expect(made).toBeGreaterThan(budgets[name] / 2)
    expect(made).toBeLessThan(budgets[name])
  },
  60_000
)
