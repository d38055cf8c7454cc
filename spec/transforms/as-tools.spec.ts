import * as Effect from "effect/Effect"
import {
  Content,
  middleware,
  Prompt,
  prompt,
  PublicError,
  Resource,
  resource,
  ResourceNotFound,
  server,
  visibleTo
} from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { namespace, promptsAsTools, resourcesAsTools } from "../../lib/transforms/index.ts"
import { connectWire } from "../kit/wire.ts"

const empty = server({ name: "s", version: "1" })
const nobody = visibleTo(() => false)

const profile = resource({ uri: "user://{id}/profile" }, ({ id }) => {
  if (id === "0") throw new ResourceNotFound("nobody has this id")
  return `profile of ${id}`
})
const logo = resource({ uri: "img://logo", mimeType: "image/png" }, () => new Uint8Array([1, 2, 3]))
const secret = resource({ uri: "vault://secret" }, () => "s").pipe(nobody)
const parts = resource({ uri: "doc://all" }, () => [
  Resource.text("a", { uri: Resource.ref("img://logo") }),
  Resource.text("b", { uri: "doc://all/b" }),
  Resource.text("c", { uri: "https://elsewhere/c" })
])
const review = prompt(
  { name: "review", description: "Reviews", args: { code: v.pipe(v.string(), v.minLength(2)) } },
  ({ code }) => [Prompt.user(`Review ${code}`), Prompt.assistant(Content.link(logo))]
)
const hidden = prompt({ name: "hidden" }, () => "x").pipe(nobody)

describe.each(["sessionless", "2025-11-25"] as const)("in the era of %s", (speak) => {
  it("resources are tools, under the URIs that clients know, wherever they are mounted", async () => {
    const child = empty.add(profile, logo, secret, parts).transform(resourcesAsTools())
    const main = empty.mount("m", child.transform(namespace("a")))
    await using wire = await connectWire(main, { speak })
    const { tools } = (await wire.request("tools/list")).result
    expect(tools.map(({ name, annotations }: any) => [name, annotations])).toEqual([
      ["m_a_list_resources", { readOnlyHint: true, openWorldHint: false }],
      ["m_a_read_resource", { readOnlyHint: true, openWorldHint: false }]
    ])
    const { structuredContent: listed } = await wire.call("m_a_list_resources")
    expect(listed.resources.map(({ uri }: any) => uri)).toEqual(["img://m/a/logo", "doc://m/a/all"])
    expect(listed.templates).toMatchObject([{ uriTemplate: "user://m/a/{id}/profile" }])
    const read = async (uri: string) => (await wire.call("m_a_read_resource", { uri })).structuredContent.contents
    expect(await read("img://m/a/logo")).toEqual([{ uri: "img://m/a/logo", mimeType: "image/png", blob: "AQID" }])
    expect(await read("user://m/a/5/profile")).toMatchObject([{ uri: "user://m/a/5/profile", text: "profile of 5" }])
    expect((await read("doc://m/a/all")).map(({ uri }: any) => uri)).toEqual([
      "img://m/a/logo",
      "doc://m/a/all/b",
      "https://elsewhere/c"
    ])
    for (const gone of ["vault://m/a/secret", "no://thing"]) {
      expect(await wire.call("m_a_read_resource", { uri: gone })).toMatchObject({
        isError: true,
        content: [{ text: `There is no resource "${gone}"; list_resources lists the ones there are.` }]
      })
    }
    expect(await wire.text("m_a_read_resource", { uri: "user://m/a/0/profile" })).toContain("(nobody has this id)")
  })

  it("prompts are tools, with their messages and what is wrong with arguments", async () => {
    const main = empty.mount("m", empty.add(review, hidden, logo), {
      transform: promptsAsTools({ list: "prompts", get: "prompt" })
    })
    await using wire = await connectWire(main, { speak })
    expect((await wire.call("m_prompts")).structuredContent).toEqual({
      prompts: [{ name: "review", description: "Reviews", arguments: [{ name: "code", required: true }] }]
    })
    expect((await wire.call("m_prompt", { name: "review", arguments: { code: "x()" } })).structuredContent).toEqual({
      messages: [
        { role: "user", content: { type: "text", text: "Review x()" } },
        {
          role: "assistant",
          content: { type: "resource_link", uri: "img://m/logo", name: "logo", mimeType: "image/png" }
        }
      ]
    })
    expect(await wire.text("m_prompt", { name: "review", arguments: { code: "x" } })).toContain(
      "code: expected length >=2"
    )
    expect(await wire.text("m_prompt", { name: "hidden" })).toBe('There is no prompt "hidden".')
  })
})

it("middleware used before sees the resource and the prompt, requests included", async () => {
  const seen: Array<string> = []
  const note = middleware({
    request: (next, { method, name }) => Effect.onExit(next, () => Effect.sync(() => seen.push(`${method} ${name}`))),
    readResource: (next, call) => {
      seen.push(call.uri)
      return next(call)
    }
  })
  const refuse = middleware((next, { method }) =>
    method === "prompts/get" ? Effect.fail(new PublicError("Not today.")) : next
  )
  const main = empty.add(profile, review).use(note).use(refuse).transform(resourcesAsTools(), promptsAsTools())
  await using wire = await connectWire(main)
  await wire.call("read_resource", { uri: "user://5/profile" })
  expect(seen).toEqual(["user://5/profile", "resources/read user://5/profile"])
  expect(await wire.text("get_prompt", { name: "review", arguments: { code: "xx" } })).toBe("Not today.")
})

it("refuses options that say nothing", () => {
  expect(() => promptsAsTools({ lst: "x" } as never)).toThrow(
    'promptsAsTools(…): there is no option "lst"; there are list, get.'
  )
  expect(() => resourcesAsTools({ read: "a b" })).toThrow('resourcesAsTools(…): read: "a b": use 1 to 128 letters')
})
