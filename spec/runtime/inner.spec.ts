import { Changes, prompt, resource, server, tool, transform, Visibility } from "mcpipe"
import { expect, it } from "vitest"
import { promptsAsTools, resourcesAsTools, toolSearch } from "../../lib/transforms/index.ts"
import { hidden } from "../../lib/builder/visibility.ts"
import { connectWire } from "../kit/wire.ts"

const ping = tool({ name: "ping" }, () => "pong")
const later = tool({ name: "later" }, () => "now").pipe(hidden)
const doc = resource({ uri: "doc://a" }, () => "a")
const review = prompt({ name: "review" }, () => "Review.")
const turn = tool({ name: "turn" }, function* () {
  yield* Visibility.hide("ping")
  yield* Visibility.hide({ types: ["resource", "prompt"] })
  yield* Visibility.show("later")
  return "done"
})

it("what a session has switched counts for those who list and call through added tools", async () => {
  const main = server({ name: "s", version: "1", switchable: true })
    .add(ping, later, turn, doc, review)
    .transform(promptsAsTools(), resourcesAsTools())
    .transform(toolSearch({ alwaysVisible: ["list_*", "get_*", "read_*"] }))
  await using wire = await connectWire(main, { speak: "2025-11-25" })
  const call = (name: string) => wire.text("call_tool", { name })
  const found = async (query: string) =>
    (await wire.call("search_tools", { query })).structuredContent.tools.map(({ name }: any) => name)
  expect(await call("ping")).toBe("pong")
  expect(await call("later")).toContain("There is no tool")
  expect(await found("ping later")).toEqual(["ping"])
  expect(await call("turn")).toBe("done")
  expect(await call("ping")).toContain("There is no tool")
  expect(await call("later")).toBe("now")
  expect(await found("ping later")).toEqual(["later"])
  expect((await wire.call("list_resources")).structuredContent).toEqual({ resources: [], templates: [] })
  expect((await wire.call("list_prompts")).structuredContent).toEqual({ prompts: [] })
  expect(await wire.text("read_resource", { uri: "doc://a" })).toContain("There is no resource")
  expect(await wire.text("get_prompt", { name: "review" })).toContain("There is no prompt")
})

it("URIs lead outside and back again, whatever is mounted where", async () => {
  const uris = transform("uris", (components, inner) => [
    ...components,
    tool({ name: "uris" }, () => [inner.outside("doc://a"), inner.inside("doc://m/a")])
  ])
  const main = server({ name: "root", version: "1" }).mount("m", server({ name: "s", version: "1" }).add(doc), {
    transform: uris
  })
  await using wire = await connectWire(main)
  expect((await wire.call("m_uris")).structuredContent).toEqual(["doc://m/a", "doc://a"])
})

it("a tool that another one calls tells of changes, and hides, by the names of its own server", async () => {
  const touch = tool({ name: "touch" }, function* () {
    yield* (yield* Changes).resourceUpdated("doc://a")
    yield* Visibility.hide("ping")
    return "ok"
  })
  const main = server({ name: "root", version: "1", switchable: true })
    .mount("m", server({ name: "s", version: "1" }).add(doc, ping, touch))
    .transform(toolSearch())
  await using wire = await connectWire(main, { speak: "2025-11-25" })
  await wire.request("resources/subscribe", { uri: "doc://m/a" })
  expect(await wire.text("call_tool", { name: "m_ping" })).toBe("pong")
  expect(await wire.text("call_tool", { name: "m_touch" })).toBe("ok")
  const notice = await wire.next(({ method }) => method === "notifications/resources/updated")
  expect(notice.params.uri).toBe("doc://m/a")
  expect(await wire.text("call_tool", { name: "m_ping" })).toContain("There is no tool")
})
