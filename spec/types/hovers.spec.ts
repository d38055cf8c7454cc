import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { tsc } from "./tsc.ts"

let declared = ""
const folder = mkdtempSync(join(tmpdir(), "mcpipe-hovers-"))

beforeAll(async () => {
  const emit = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", folder]
  await tsc("-p", "fixtures", ...emit)
  declared = readFileSync(join(folder, "spec/types/fixtures/hovers.d.ts"), "utf8")
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The type of an export of fixtures/hovers.ts as an editor shows it, on one line. */
const hover = (name: string): string => {
  const found = new RegExp(`^export declare const ${name}: ([^]*?);\\n(?=export |$)`, "m").exec(declared)?.[1]
  if (found === undefined) throw new Error(`fixtures/hovers.ts exports no ${name}`)
  return found.replace(/import\("[^"]*"\)\./g, "").replace(/\s+/g, " ")
}

describe("a hover is flat and readable", () => {
  it.each([
    [
      "lookup",
      'Tool<"lookup", { id: string; limit?: number | undefined; }, { rows: string[]; by: string; }, NotFound, Db | Progress | User>'
    ],
    [
      "nested",
      'Tool<"nested", { tags?: { key: string; }[] | undefined; at: string; }, { tags: { key: string; }[]; at: number; }, never, never>'
    ],
    ["total", 'Tool<"total", {}, { sum: number; }, never, never>'],
    ["search", 'Tool<"search", { q: string; }, number, never, never>'],
    ["nothing", 'Tool<"nothing", {}, void, never, never>'],
    ["parsed", 'Tool<"parsed", {}, unknown, never, never>'],
    ["finished", 'Tool<"finished", {}, unknown, never, never>'],
    ["picture", 'Tool<"picture", {}, Content, never, never>'],
    [
      "context",
      'Tool<"context", {}, { context: ContextFor<{ db: typeof Db; user: typeof User; }>; }, never, Db | User>'
    ],
    [
      "asking",
      'Tool<"asking", {}, { name: string; size: "l" | "s"; line: string; }, AskRefused | AskTimedOut | ClientUnsupported | ElicitationCancelled | ElicitationDeclined | InvalidAnswer | ModelFailed, Db | Durable | Elicitation | Sampling>'
    ],
    [
      "asked",
      'Tool<"asked", {}, { who: { name: string; age?: number | undefined; }; sure: boolean; line: string; kept: number; }, never, never>'
    ],
    ["cart", "State<string[]>"],
    ["added", 'Tool<"added", {}, string[], NoSession | StateTooLarge, Session>'],
    ["profile", 'Resource<"user://{id}/profile{?q}", never, Db>'],
    ["review", "Prompt<{ code: string; language?: string | undefined; }, never, never>"],
    ["empty", "Server<never, never, never>"],
    ["needy", "Server<Db | User, never, never>"],
    ["layered", "Server<ByLayer<Pool> | User, never, Db>"],
    ["provided", "Server<ByLayer<Pool>, User, Db>"],
    ["used", "Server<ByOuter<Cache>, never, never>"],
    ["mounted", "Server<Cache | Db | User, never, never>"],
    ["piped", "Server<ByLayer<Pool> | User, never, Db>"],
    ["extended", "Server<ByLayer<Cache> | Db | User, never, never>"],
    ["cached", "Middleware<never, Cache>"],
    ["limited", "Middleware<never, ByLayer<Db>>"],
    ["user", "Middleware<User, Db>"],
    ["plainSource", "Source<never>"],
    ["neededSource", "Source<ByLayer<Db> | ByLayer<User> | Cache>"],
    ["sourced", "Server<ByLayer<Db> | ByLayer<User> | Cache, never, never>"]
  ])("%s", (name, expected) => {
    expect(hover(name)).toBe(expected)
  })
})

/**
 * A type that the entry does not export cannot be named in a declaration file, so that `declaration: true` fails in every
 * package that exports a value with it.
 */
it("emitted declarations name types of the entry, and none that it keeps to itself", () => {
  const inner = declared.matchAll(/import\("[^"]*\/lib\/[^"]*"\)\.(\w+)/g)
  expect([...new Set([...inner].map(([, name]) => name))].sort()).toEqual([])
})
