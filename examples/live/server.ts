/** A server whose resources appear and change while it runs. */
import { Changes, RequestContext, resource, server, source, tool } from "mcpipe"
import * as v from "valibot"

const pages = new Map([["start", "Welcome."]])
const watchers = new Set<() => void>()

// #region source
const written = source({
  name: "pages",
  load: () => [...pages.keys()].map((name) => resource({ uri: `page://${name}`, name }, () => pages.get(name)!)),
  changes: (notify) => {
    watchers.add(notify)
    return () => watchers.delete(notify)
  },
  kinds: ["resources"]
})
// #endregion source

// #region changes
const write = tool(
  {
    name: "write",
    description: "Write a page.",
    input: { page: v.pipe(v.string(), v.regex(/^[a-z]+$/)), text: v.string() },
    uses: { changes: Changes }
  },
  async ({ page, text }, { changes, run }) => {
    const isNew = !pages.has(page)
    pages.set(page, text)
    // a new page changes the list of resources, an old one only itself
    if (isNew) for (const notify of watchers) notify()
    else await run(changes.resourceUpdated(`page://${page}`))
    return isNew ? `There is a new page, ${page}.` : `${page} has changed.`
  }
)
// #endregion changes

const words = new Map<string, number>()
const index = async (page: string) => words.set(page, pages.get(page)!.split(/\s+/).length)

// #region long
const reindex = tool(
  { name: "reindex", description: "Count the words of all pages. Takes minutes." },
  async (_, { run }) => {
    // nobody has to hold a connection for minutes: the client comes back in 5 seconds
    await run(RequestContext.closeStream(5_000))
    for (const page of pages.keys()) await index(page)
    return Object.fromEntries(words)
  }
)
// #endregion long

export default server({ name: "live", version: "1.0.0" }).source(written).add(write, reindex)
