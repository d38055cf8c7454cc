import { assemble, DefinitionError, prompt, Resource, resource, server, tool } from "mcpipe"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1" }
const text = () => "text"

let log: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {})
})
const logged = () => log.mock.calls.flat().map(String).join("\n")

it.each(["sessionless", "2025-11-25"] as const)(
  "templates are listed in the order they were defined in, not in that of precedence (%s)",
  async (speak) => {
    const child = server({ name: "child", version: "1" })
      .resource(resource({ uri: "d://{x}", name: "d" }, text))
      .resource(resource({ uri: "e://many/literals/here/{x}", name: "e" }, text))
    const main = server(info)
      .resource(resource({ uri: "a://{x}", name: "a" }, text))
      .mount("ns", child)
      .resource(resource({ uri: "b://long/literal/{x}", name: "b" }, text))
      .resource(resource({ uri: "c://mid/{x}", name: "c" }, text))
    await using wire = await connectWire(main, { speak })
    const { resourceTemplates } = (await wire.request("resources/templates/list")).result
    expect(resourceTemplates.map(({ uriTemplate }: any) => uriTemplate)).toStrictEqual([
      "a://{x}",
      "b://long/literal/{x}",
      "c://mid/{x}",
      "d://ns/{x}",
      "e://ns/many/literals/here/{x}"
    ])
  }
)

describe("what cannot be sent", () => {
  const ref = Resource.ref("doc://page")
  const main = server(info)
    .tool(
      tool({ name: "async-generator" }, async function* () {
        yield 1
      })
    )
    .tool(tool({ name: "ref-in-record" }, () => ({ rows: [{ page: ref }] })))
    .tool(tool({ name: "ref-in-list" }, () => [ref]))
    .tool(tool({ name: "ref" }, () => ref))

  it.each([
    ["async-generator", "async generator; write function* with Effects, or an async function"],
    ["ref-in-record", "$.rows[0].page", "Content.link(ref), or its uri"],
    ["ref-in-list", "$[0]", "Content.link(ref), or its uri"],
    ["ref", "return Content.link(ref)"]
  ])("%s is masked, and the log says what to return instead", async (name, ...fixes) => {
    for (const speak of ["sessionless", "2025-11-25"] as const) {
      await using wire = await connectWire(main, { speak })
      const failed = await wire.call(name)
      expect(failed.isError).toBe(true)
      expect(failed.content[0].text).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
      expect(failed).not.toHaveProperty("structuredContent")
      expect(JSON.stringify(failed)).not.toContain("mcpipe/")
    }
    for (const fix of fixes) expect(logged()).toContain(fix)
  })
})

describe("a definition without what it needs", () => {
  it.each<[string, () => unknown, string]>([
    ["an empty resource name", () => resource({ uri: "doc://a", name: "" }, text), 'resource "doc://a": name is ""'],
    ["a blank resource name", () => resource({ uri: "doc://a", name: "  " }, text), "non-empty string"],
    ["server(undefined)", () => server(undefined as any), "{ name, version }"],
    ["server(null)", () => server(null as any), "{ name, version }"],
    ["tool(undefined, f)", () => tool(undefined as any, text), "tool({ … }, () => …)"],
    ["tool(f)", () => tool(text as any, undefined as any), "tool({ … }, () => …)"],
    ["prompt(undefined, f)", () => prompt(undefined as any, text), "prompt({ … }, () => …)"],
    ["resource(undefined, f)", () => resource(undefined as any, text), "resource({ … }, () => …)"]
  ])("%s is a DefinitionError that says what to write", (_, define, words) => {
    expect(define).toThrow(DefinitionError)
    expect(define).toThrow(words)
  })
})

it("objects given to a definition may change afterwards: what is sent stays as it was", async () => {
  const cache = { ttlMs: 1_000, scope: "public" as const }
  const serverCache = { ttlMs: 2_000, scope: "public" as const }
  const icons = () => [{ src: "https://example.com/icon.png", sizes: ["48x48"] }]
  const given = { tool: icons(), resource: icons(), prompt: icons(), server: icons() }
  const app = assemble(
    server({ ...info, icons: given.server, cache: serverCache })
      .tool(tool({ name: "t", icons: given.tool }, text))
      .resource(resource({ uri: "doc://a", name: "a", icons: given.resource, cache }, text))
      .prompt(prompt({ name: "p", icons: given.prompt }, text))
  )
  Object.assign(cache, { ttlMs: -1, scope: "everybody" })
  Object.assign(serverCache, { ttlMs: -1, scope: "everybody" })
  for (const list of Object.values(given)) {
    list[0]!.src = "javascript:alert(1)"
    list[0]!.sizes.push("changed")
    list.push({ src: "changed", sizes: [] })
  }
  await using wire = await connectWire(app)
  const lists = await Promise.all(["tools", "resources", "prompts"].map((kind) => wire.request(`${kind}/list`)))
  for (const { result } of lists) {
    expect(result).toMatchObject({ ttlMs: 2_000, cacheScope: "public" })
    const [item] = result.tools ?? result.resources ?? result.prompts
    expect(item.icons).toStrictEqual(icons())
    expect(Object.values(result._meta)).toMatchObject([{ icons: icons() }])
  }
  const read = await wire.request("resources/read", { uri: "doc://a" })
  expect(read.result).toMatchObject({ ttlMs: 1_000, cacheScope: "public" })
})
