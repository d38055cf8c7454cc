// The referees import `globSync` from node:fs, which Node 20 lacks, and use it only outside server runs.
// `node --import ./spec/conformance/node20.mjs <referee>` takes that import out.
import { register } from "node:module"
import { isMainThread } from "node:worker_threads"

if (isMainThread) register(import.meta.url)

const referee = /\/@modelcontextprotocol\/conformance(?:-legacy)?\/dist\/index\.js$/

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  if (!referee.test(url)) return loaded
  let name = "globSync"
  const source = String(loaded.source).replace(/globSync as (\w+),/, (_, local) => {
    name = local
    return ""
  })
  return { ...loaded, source: `${source}\nfunction ${name}() { return [] }\n` }
}
