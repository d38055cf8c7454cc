/** A server whose resources appear and change while it runs. */
import { Changes, resource, server, source, tool } from "mcpipe"
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

export default server({ name: "live", version: "1.0.0" }).source(written).tool(write)
