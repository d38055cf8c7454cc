// Lets `node --import ./spec/tools/ts.mjs file.ts` run TypeScript on Node 20, which cannot strip types itself.
// Add `--conditions mcpipe-source` to run on lib/ instead of dist/.
import { readFile } from "node:fs/promises"
import { register } from "node:module"
import { fileURLToPath } from "node:url"
import { isMainThread } from "node:worker_threads"
import { transform } from "esbuild"

if (isMainThread) {
  process.setSourceMapsEnabled(true)
  register(import.meta.url)
}

export async function load(url, context, nextLoad) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return nextLoad(url, context)
  const sourcefile = fileURLToPath(url)
  const { code } = await transform(await readFile(sourcefile, "utf8"), {
    loader: "ts",
    format: "esm",
    target: "node20",
    sourcefile,
    sourcemap: "inline"
  })
  return { format: "module", source: code, shortCircuit: true }
}
