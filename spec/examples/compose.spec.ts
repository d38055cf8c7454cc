import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { assemble, toFetchHandler } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import effect from "../../examples/compose/effect.ts"
import plain from "../../examples/compose/server.ts"
import { children, connectV2, inBothStyles, timeout } from "./clients.ts"

const text = (result: any): string => result.content[0].text
const styles = { plain: () => assemble(plain), effect: () => assemble(effect) }

let stderr: Array<string>
beforeEach(() => {
  stderr = []
  vi.spyOn(console, "error").mockImplementation((...words) => void stderr.push(words.join(" ")))
})
afterEach(() => vi.restoreAllMocks())

inBothStyles(styles, (connect) => {
  it("names mounted tools and resources after their namespace", async () => {
    await using at = await connect()
    const { tools } = await at.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(["catalog_search", "loans_borrow"])
    const { resourceTemplates } = await at.client.listResourceTemplates()
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "book://catalog/{isbn}",
      "loan://loans/{isbn}"
    ])
  })

  it("links to where a mounted resource really is", async () => {
    await using at = await connect()
    const { content } = await at.client.call("catalog_search", { text: "pride" })
    expect(content).toEqual([
      expect.objectContaining({
        type: "resource_link",
        uri: "book://catalog/9780141439518",
        name: "Pride and Prejudice"
      })
    ])
    const { contents } = await at.client.readResource({ uri: content[0].uri })
    expect(JSON.parse((contents[0] as any).text)).toEqual({ isbn: "9780141439518", title: "Pride and Prejudice" })
  })

  it("runs a child's middleware with the user that the parent's middleware found", async () => {
    await using at = await connect()
    const refused = await at.client.call("loans_borrow", { isbn: "9780141439518" })
    expect(refused.isError).toBe(true)
    expect(text(refused)).toBe("borrow is for members; please log in.")
    expect((await at.client.call("catalog_search", { text: "x" })).isError).not.toBe(true)
  })

  it("logs each request once, with how it ended, and opens the shared library once", async () => {
    await using at = await connect()
    await at.client.call("catalog_search", { text: "great" })
    await at.client.call("loans_borrow", { isbn: "1" })
    expect(stderr.filter((line) => line.startsWith("library:"))).toEqual(["library: opened"])
    const calls = stderr.filter((line) => line.startsWith("tools/call"))
    expect(calls.map((line) => line.replace(/\d+ ms/, "N ms"))).toEqual([
      "tools/call catalog_search: complete in N ms",
      "tools/call loans_borrow: error in N ms"
    ])
  })
})

describe.each(["plain", "effect"] as const)("in %s style, called by somebody with a name", (style) => {
  it("lends a book, links to the loan, and lends it once", async () => {
    await using handler = toFetchHandler(style === "plain" ? plain : effect, {
      authenticate: ({ headers }) => ({ id: headers.get("authorization")?.split(" ")[1] ?? "nobody" })
    })
    const client = await connectV2(
      new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), {
        fetch: (input, init) => handler(new Request(input, init)),
        requestInit: { headers: { authorization: "Bearer ada" } }
      })
    )
    const { content } = await client.call("loans_borrow", { isbn: "9780141439518" })
    expect(content[0].text).toBe("Enjoy it, ada.")
    expect(content[1].uri).toBe("loan://loans/9780141439518")
    const { contents } = await client.readResource({ uri: content[1].uri })
    expect(JSON.parse((contents[0] as any).text)).toEqual({ isbn: "9780141439518", reader: "ada" })
    expect(text(await client.call("loans_borrow", { isbn: "9780141439518" }))).toBe("Somebody has this book.")
    await client.close()
  })
})

describe("as a child process on stdio", () => {
  it.each(children)("main.ts $flags answers $title", { timeout }, async ({ inChild, flags }) => {
    await using child = await inChild("compose", flags)
    expect(text(await child.client.call("loans_borrow", { isbn: "1" }))).toMatch(/for members/)
    await child.close()
    expect(child.stderr()).toContain("tools/call loans_borrow: error in")
  })
})
