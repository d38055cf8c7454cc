import { execFile } from "node:child_process"
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as mcpipe from "mcpipe"
import { describe, expect, it } from "vitest"
import quickstart from "../examples/quickstart/server.ts"
import { generations, timeout } from "./examples/clients.ts"

const root = fileURLToPath(new URL("../", import.meta.url))
const readme = await readFile(join(root, "README.md"), "utf8")

interface Block {
  /** What the comment above the block says. */
  readonly marker: string | undefined
  readonly language: string
  readonly text: string
}

const blocks: ReadonlyArray<Block> = [...readme.matchAll(/(?:^<!-- (.+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm)].map(
  ([, marker, language, text]) => ({ marker, language: language!, text: text! })
)

const marked = (pattern: RegExp) =>
  blocks.flatMap(({ marker, text }) => {
    const found = pattern.exec(marker ?? "")
    return found === null ? [] : [{ marker: marker!, found, text }]
  })

/** The lines between `// #region name` and `// #endregion name`. */
const region = async (file: string, name: string): Promise<string> => {
  const source = await readFile(join(root, file), "utf8")
  const parts = source.split(new RegExp(`^// #(?:end)?region ${name}\\n`, "m"))
  if (parts.length !== 3) throw new Error(`${file} has no region ${name}.`)
  return parts[1]!
}

describe("the README", () => {
  it("takes all of its TypeScript from the examples", () => {
    const unmarked = blocks.filter(({ language, marker }) => language === "ts" && !marker?.startsWith("from "))
    expect(unmarked).toEqual([])
    expect(marked(/^from /).length).toBeGreaterThan(15)
  })

  it.each(marked(/^from (\S+)#(\S+)$/))("shows the code as it is: $marker", async ({ found, text }) => {
    expect(text).toBe(await region(found[1]!, found[2]!))
  })

  it.each(marked(/^describe of (\w+)$/))("shows what a server is made of: $marker", async ({ found, text }) => {
    const { default: made } = await import(`../examples/${found[1]}/server.ts`)
    expect(text).toBe(`${mcpipe.describe(made)}\n`)
  })

  it.each(marked(/^answer of (\w+) (.+)$/))("shows what a tool really says: $marker", async ({ found, text }) => {
    await using at = await generations[1].inMemory(() => mcpipe.assemble(quickstart))
    const { content } = await at.client.call(found[1]!, JSON.parse(found[2]!))
    expect(text).toBe(`${content[0].text}\n`)
  })

  it.each(marked(/^error in (\S+)$/))(
    "shows what the compiler really says: $marker",
    { timeout },
    async ({ found, text }) => {
      expect(text).toBe(await compilerError(found[1]!))
    }
  )

  it("names only Effect modules that mcpipe re-exports", () => {
    const [, list = ""] = /mcpipe re-exports (.+?)\. /s.exec(readme) ?? []
    const names = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
    expect(names).toContain("Effect")
    for (const name of names) expect(mcpipe).toHaveProperty(name)
  })

  it("names only files that exist", async () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path!)
    for (const path of links) await expect(access(join(root, path))).resolves.toBeUndefined()
    expect(links.length).toBeGreaterThan(0)
  })
})

/** Compiles a copy of the file without its `@ts-expect-error`. */
const compilerError = async (file: string): Promise<string> => {
  await mkdir(join(root, ".tmp"), { recursive: true })
  const folder = await mkdtemp(join(root, ".tmp/readme-"))
  try {
    const source = await readFile(join(root, file), "utf8")
    const siblings = join(root, dirname(file))
    const copy = source
      .replace(/^\/\/ @ts-expect-error.*\n/gm, "")
      .replaceAll(/from "\.\/(.+?)"/g, (_, name) => `from ${JSON.stringify(join(siblings, name))}`)
    await writeFile(join(folder, "copy.ts"), copy)
    const config = { extends: "../../tsconfig.json", include: ["*.ts"], exclude: [] }
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config))
    const tsc = join(root, "node_modules/.bin/tsc")
    const { stdout } = await promisify(execFile)(tsc, ["-p", folder, "--pretty", "false"]).catch((error) => error)
    return stdout.replace(/^\S+\(\d+,\d+\): /, "")
  } finally {
    await rm(folder, { recursive: true })
  }
}
