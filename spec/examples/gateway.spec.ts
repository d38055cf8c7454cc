import { assemble } from "mcpipe"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import effect from "../../examples/gateway/effect.ts"
import plain from "../../examples/gateway/server.ts"
import { inBothStyles } from "./clients.ts"

const styles = { plain: () => assemble(plain), effect: () => assemble(effect) }

let stderr: Array<string>
beforeEach(() => {
  stderr = []
  vi.spyOn(console, "error").mockImplementation((...words) => void stderr.push(words.join(" ")))
})
afterEach(() => vi.restoreAllMocks())

inBothStyles(styles, (connect) => {
  it("lists the search, and what is always visible", async () => {
    await using at = await connect()
    const { tools } = await at.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(["help_article", "search_tools", "call_tool"])
  })

  it("finds a renamed tool without the field that was stripped, and none that was left out", async () => {
    await using at = await connect()
    const { content } = await at.client.call("search_tools", { query: "find customers" })
    expect(content[0].text).toContain("crm_find_customer")
    expect(content[0].text).not.toContain("score")
    const wiped = await at.client.call("search_tools", { query: "delete all customers wipe" })
    expect(wiped.content[0].text).not.toContain("wipe")
  })

  it("calls what was found, with its personal data redacted and its references in place", async () => {
    await using at = await connect()
    const found = await at.client.call("call_tool", { name: "crm_find_customer", arguments: { name: "ada" } })
    expect(JSON.parse(found.content[0].text)).toEqual({
      customers: [{ id: "c1", name: "Ada Lovelace", email: "[redacted]" }]
    })
    const { content } = await at.client.call("call_tool", {
      name: "tickets_open",
      arguments: { customer: "c1", text: "Write to ada@example.com" }
    })
    expect(content[0].text).toBe("Opened T1 for c1: Write to [redacted]")
    expect(content[1].uri).toBe("ticket://tickets/T1")
    const { contents } = await at.client.readResource({ uri: content[1].uri })
    expect(JSON.parse((contents[0] as any).text)).toEqual({ id: "T1", open: true })
  })

  it("records the tool that was called, also behind the search, and refuses what it does not offer", async () => {
    await using at = await connect()
    await at.client.call("help_article", { title: "refunds" })
    await at.client.call("call_tool", { name: "crm_find_customer", arguments: { name: "ada" } })
    const refused = await at.client.call("call_tool", { name: "crm_wipe", arguments: {} })
    expect(refused.isError).toBe(true)
    expect(stderr).toEqual([
      "audit: anonymous tools/call help_article: complete",
      "audit: anonymous tools/call crm_find_customer: complete"
    ])
  })
})
