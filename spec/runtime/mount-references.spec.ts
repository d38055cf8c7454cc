import { Changes, Content, Context, Effect, Layer, Prompt, prompt, Resource, resource, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { info, read, spoken } from "../kit/served.ts"
import { connectWire } from "../kit/wire.ts"

const main = () => server(info("main"))

describe.each(spoken)("on %s", (speak) => {
  describe("references of a server whose URIs moved", () => {
    class Bell extends Context.Service<Bell, { readonly ring: Effect.Effect<void> }>()("spec/Bell") {}

    /** Links, embeds and tells of its own resources, from handlers and from a layer. */
    const notes = (says: string) => {
      const link = Content.link(Resource.ref("note://r"))
      const embedded = Content.embedded({ uri: Resource.ref("note://d/7"), text: says })
      const ring = Effect.map(Changes, (changes) => ({ ring: changes.resourceUpdated("note://d/7") }))
      return server(info("notes"))
        .add(
          resource({ uri: "note://r" }, () => says),
          resource({ uri: "note://d/{id}", complete: { id: () => [says] } }, ({ id }) => `${says} ${id}`),
          tool({ name: "link" }, () => [link, embedded]),
          prompt({ name: "link" }, () => [Prompt.user(link), Prompt.user(embedded)]),
          tool({ name: "touch" }, function* () {
            yield* (yield* Changes).resourceUpdated(Resource.ref("note://r"))
          }),
          tool({ name: "ring" }, function* () {
            yield* (yield* Bell).ring
          })
        )
        .provide(Layer.effect(Bell, ring))
    }
    const pair = (one: string, two: string) =>
      server(info("pair")).mount("n", notes(one)).mount("n", notes(two), { collisions: "suffix" })
    const nested = main().mount("o", pair("a", "b")).mount("o", pair("c", "d"), { collisions: "suffix" })

    it.each([
      ["a", "o_n_", "", "note://o/n/"],
      ["b", "o_n_", "_2", "note://o/n_2/"],
      ["c", "o_n_", "_3", "note://o_2/n/"],
      ["d", "o_n_", "_2_2", "note://o_2/n_2/"]
    ])("of %s resolve wherever they stand", async (says, prefix, suffix, base) => {
      const name = (own: string) => `${prefix}${own}${suffix}`
      await using wire = await connectWire(nested, { speak })
      const { content } = await wire.call(name("link"))
      expect(content.map((item: any) => item.uri ?? item.resource.uri)).toEqual([`${base}r`, `${base}d/7`])
      const { messages } = (await wire.request("prompts/get", { name: name("link") })).result
      expect(messages.map(({ content }: any) => content.uri ?? content.resource.uri)).toEqual([
        `${base}r`,
        `${base}d/7`
      ])
      expect(await read(wire, `${base}r`)).toBe(says)
      const seven = (await wire.request("resources/read", { uri: `${base}d/7` })).result.contents
      expect(seven).toEqual([expect.objectContaining({ uri: `${base}d/7`, text: `${says} 7` })])
      const completed = await wire.request("completion/complete", {
        ref: { type: "ref/resource", uri: `${base}d/{id}` },
        argument: { name: "id", value: "" }
      })
      expect(completed.result.completion.values).toEqual([says])
      if (speak === "sessionless") {
        const uris = [`${base}r`, `${base}d/7`]
        void wire.request("subscriptions/listen", { notifications: { resourceSubscriptions: uris } })
        const told = await wire.next(({ method }) => method === "notifications/subscriptions/acknowledged")
        expect(told.params.notifications).toEqual({ resourceSubscriptions: uris })
      } else {
        for (const uri of [`${base}r`, `${base}d/7`]) await wire.request("resources/subscribe", { uri })
      }
      for (const [own, uri] of [
        ["touch", `${base}r`],
        ["ring", `${base}d/7`]
      ] as const) {
        await wire.call(name(own))
        await wire.next(({ method, params }) => method === "notifications/resources/updated" && params.uri === uri)
      }
      // and nobody else's were told
      expect(wire.received.filter(({ method }) => method === "notifications/resources/updated")).toHaveLength(2)
    })
  })
})
