import { Content, prompt, resource, Resource, server, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { connect } from "../../lib/testing/index.ts"
import { inEachEra, info } from "./eras.ts"

const hello = tool({ name: "hello" }, () => "hello")
const bye = tool({ name: "bye" }, () => "bye")
const note = resource({ uri: "note://{id}" }, ({ id }) => id)
const about = resource({ uri: "about://us" }, () => "us")
const greet = prompt({ name: "greet", args: { who: v.string() } }, ({ who }) => `Greet ${who}`)

const named = (name: string) => server({ name, version: "1.0.0" })

inEachEra((era) => {
  describe("a component is found by its value", () => {
    const crm = named("crm").add(hello, note, about, greet)
    const main = server(info).tool(bye).mount("crm", crm)

    it("at the root and in mounts, whatever it is called there", async () => {
      await using client = await connect(main, { era })
      expect(await client.call(bye)).toBe("bye")
      expect(await client.call(hello)).toBe("hello")
      expect(client.traffic.at(-2)!.message["params"].name).toBe("crm_hello")
      expect(await client.read(note, { id: "1" })).toMatchObject([{ uri: "note://crm/1", text: "1" }])
      expect(await client.read(about)).toMatchObject([{ uri: "about://crm/us", text: "us" }])
      expect((await client.get(greet, { who: "Al" })).messages).toMatchObject([{ content: { text: "Greet Al" } }])
    })

    it("through at(…), by its value and by the name it has there", async () => {
      await using client = await connect(main, { era })
      const at = client.at("crm")
      expect(await at.call(hello)).toBe("hello")
      expect(await at.call("hello")).toBe("hello")
      expect(await at.read("note://1")).toMatchObject([{ uri: "note://crm/1" }])
      expect(await at.read("note://{id}", { id: "a b" })).toMatchObject([{ uri: "note://crm/a%20b", text: "a b" }])
      expect((await at.get("greet", { who: "Al" })).messages).toHaveLength(1)
      expect(() => at.at("deeper")).toThrow(
        'The server "crm" mounted as "crm" has nothing mounted as "deeper"; it has no mounts.'
      )
    })

    it("however deep the mount", async () => {
      await using client = await connect(server(info).mount("a", named("a").mount("b", crm)), { era })
      expect(await client.call(hello)).toBe("hello")
      expect(await client.at("a").call(hello)).toBe("hello")
      expect(await client.at("a").at("b").call(hello)).toBe("hello")
      expect(await client.at("a").at("b").call("hello")).toBe("hello")
      expect(await client.at("a").call("b_hello")).toBe("hello")
      expect(await client.call("a_b_hello")).toBe("hello")
    })
  })

  describe("where it is not there", () => {
    it("the error names what there is", async () => {
      await using client = await connect(server(info).add(hello, note).mount("x", named("x").tool(bye)), { era })
      const other = tool({ name: "other" }, () => 1)
      await expect(client.call(other)).rejects.toThrow(
        'The server "main" does not have this tool "other"; its tools are hello, x_bye. Add it with .tool(…), or call one that is there.'
      )
      await expect(client.read(about)).rejects.toThrow(
        'The server "main" does not have this resource "about://us"; its resources are note://{id}.'
      )
      await expect(client.get(greet, { who: "Al" })).rejects.toThrow(
        'The server "main" does not have this prompt "greet"; it has no prompts.'
      )
      await expect(client.at("x").call(hello)).rejects.toThrow(
        'The server "x" mounted as "x" does not have this tool "hello"; its tools are x_bye.'
      )
    })

    it("the error tells a namesake from the value itself", async () => {
      await using client = await connect(server(info).tool(hello), { era })
      const namesake = tool({ name: "hello" }, () => "hello")
      await expect(client.call(namesake)).rejects.toThrow(
        "One has that name and is another value: import the one the server was built with."
      )
    })

    it("the error of at(…) lists the namespaces", async () => {
      await using client = await connect(server(info).mount("a", named("a")).mount("b", named("b")), { era })
      expect(() => client.at("nope")).toThrow('The server "main" has nothing mounted as "nope"; it has a, b.')
    })

    it("a value of another kind is refused", async () => {
      await using client = await connect(server(info).add(hello, note), { era })
      await expect(client.call(note as unknown as typeof hello)).rejects.toThrow(
        "Give a tool, made by tool(options, handler), or a name."
      )
      await expect(client.read(hello as unknown as typeof about)).rejects.toThrow(
        "Give a resource, made by resource(options, handler), or a URI."
      )
    })
  })

  describe("where it is mounted more than once", () => {
    const inner = named("inner").tool(hello)
    const main = server(info).mount("a", inner).mount("b", named("b").mount("c", inner))

    it("the error lists the names and says how to choose", async () => {
      await using client = await connect(main, { era })
      await expect(client.call(hello)).rejects.toThrow(
        'The server "main" has this tool "hello" 2 times, as "a_hello", "b_c_hello": ' +
          'say which with client.at("a") or client.at("b").at("c"), or by its name.'
      )
      expect(await client.at("a").call(hello)).toBe("hello")
      expect(await client.at("b").call(hello)).toBe("hello")
    })

    it("one at the place itself is called by its name", async () => {
      await using client = await connect(main.tool(hello), { era })
      await expect(client.call(hello)).rejects.toThrow('as "hello", "a_hello", "b_c_hello"')
      expect(await client.call("hello")).toBe("hello")
    })
  })

  it("references in content are those of the mount", async () => {
    const link = tool({ name: "link" }, () => Content.link(Resource.ref("about://us")))
    await using client = await connect(server(info).mount("crm", named("crm").add(link, about)), { era })
    expect(await client.call(link)).toMatchObject([{ type: "resource_link", uri: "about://crm/us" }])
  })
})
