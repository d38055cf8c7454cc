import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const root = fileURLToPath(new URL("../../", import.meta.url))
const bin = join(root, "node_modules/.bin")

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A folder of somebody else, into which the packed library was installed with its peers and nothing more. */
export interface Consumer {
  readonly folder: string
  /** The tarball npm would publish. */
  readonly tarball: string
  /** The installed library. */
  readonly library: string
  /** Every file of the installed library, with slashes, sorted. */
  readonly files: ReadonlyArray<string>
  readonly write: (name: string, text: string) => Promise<string>
  /** Runs a program in the folder, one of this repository's own tools by its bare name. */
  readonly exec: (command: string, args: ReadonlyArray<string>) => Promise<Output>
  readonly remove: () => Promise<void>
}

/** Packs the library (which builds it) and installs it into an empty folder. */
export const installConsumer = async (): Promise<Consumer> => {
  const home = await mkdtemp(join(tmpdir(), "mcpipe-consumer-"))
  const folder = join(home, "app")
  await mkdir(folder)
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }))
  await must("npm", ["pack", "--foreground-scripts=false", "--pack-destination", home], root)
  const tarball = join(home, (await readdir(home)).find((name) => name.endsWith(".tgz"))!)
  const { devDependencies: peers } = JSON.parse(await readFile(join(root, "package.json"), "utf8"))
  await must(
    "npm",
    [
      "install",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      tarball,
      `effect@${peers.effect}`,
      `valibot@${peers.valibot}`
    ],
    folder
  )
  const library = join(folder, "node_modules/mcpipe")
  return {
    folder,
    tarball,
    library,
    files: await listFiles(library),
    write: async (name, text) => {
      const path = join(folder, name)
      await writeFile(path, text)
      return path
    },
    exec: (command, args) => exec(command, args, folder),
    remove: () => rm(home, { recursive: true, force: true })
  }
}

const listFiles = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/")
    )
    .sort()
}

const must = async (command: string, args: ReadonlyArray<string>, cwd: string): Promise<void> => {
  const { code, stdout, stderr } = await exec(command, args, cwd)
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`)
}

const exec = async (command: string, args: ReadonlyArray<string>, cwd: string): Promise<Output> => {
  const options = { cwd, env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}` }, timeout: 120_000 }
  try {
    return { code: 0, ...(await promisify(execFile)(command, [...args], options)) }
  } catch (error) {
    const { code, stdout = "", stderr = String(error) } = error as Partial<Output>
    return { code: typeof code === "number" ? code : -1, stdout, stderr }
  }
}
