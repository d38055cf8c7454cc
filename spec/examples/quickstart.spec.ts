import { assemble } from "mcpipe"
import { describe, expect, it } from "vitest"
import effect from "../../examples/quickstart/effect.ts"
import plain from "../../examples/quickstart/server.ts"
import { children, inBothStyles, timeout } from "./clients.ts"

const text = (result: any): string => result.content[0].text

inBothStyles({ plain: () => assemble(plain), effect: () => assemble(effect) }, (connect) => {
  it("lists its tools with what they take", async () => {
    await using at = await connect()
    const { tools } = await at.client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(["add", "forecast", "report"])
    expect(tools[1]).toMatchObject({
      annotations: { readOnlyHint: true },
      inputSchema: {
        type: "object",
        required: ["city"],
        additionalProperties: false,
        properties: {
          city: { type: "string", minLength: 1, description: "Such as Oslo" },
          days: { type: "integer", minimum: 1, maximum: 7, default: 3 }
        }
      },
      outputSchema: { type: "object", required: ["city", "celsius"] }
    })
  })

  it("answers a number as text, and an object with an output schema as structured content", async () => {
    await using at = await connect()
    expect((await at.client.call("add", { a: 2, b: 3 })).content).toEqual([{ type: "text", text: "5" }])
    const forecast = await at.client.call("forecast", { city: "oslo", days: 2 })
    expect(forecast.structuredContent).toEqual({ city: "Oslo", celsius: [6, 4] })
    expect(JSON.parse(text(forecast))).toEqual(forecast.structuredContent)
    expect((await at.client.call("forecast", { city: "Lisbon" })).structuredContent.celsius).toHaveLength(3)
  })

  it("tells the model what is wrong with its arguments, before the handler runs", async () => {
    await using at = await connect()
    const refused = await at.client.call("forecast", { city: "", days: 9, units: "F" })
    expect(refused.isError).toBe(true)
    for (const name of ["city", "days", "units"]) expect(text(refused)).toMatch(new RegExp(`^- ${name}: `, "m"))
    expect(text(refused)).toMatch(/^Invalid arguments for tool "forecast":/)
  })

  it("tells the model what a ToolError says", async () => {
    await using at = await connect()
    const failed = await at.client.call("forecast", { city: "Atlantis" })
    expect(failed.isError).toBe(true)
    expect(text(failed)).toBe("No weather for Atlantis. Known cities: Lisbon, London, Oslo.")
  })

  it("answers several pieces of content, and a link that can be read", async () => {
    await using at = await connect()
    const { content, _meta } = await at.client.call("report", { city: "Oslo" })
    expect(content.map((item: any) => item.type)).toEqual(["text", "resource", "resource_link"])
    expect(content[1].resource).toMatchObject({ uri: "file:///week.csv", mimeType: "text/csv" })
    expect(content[1].resource.text).toMatch(/^day,celsius\n1,6\n/)
    expect(_meta).toMatchObject({ "example.com/source": "almanac" })
    const { contents } = await at.client.readResource({ uri: content[2].uri })
    expect(contents[0]).toMatchObject({ uri: "city://Oslo", mimeType: "application/json" })
    expect(JSON.parse((contents[0] as any).text)).toMatchObject({ name: "Oslo", country: "Norway" })
  })

  it("says which city there is not", async () => {
    await using at = await connect()
    await expect(at.client.readResource({ uri: "city://Atlantis" })).rejects.toThrow("there is no city Atlantis")
  })

  it("completes cities, in the template and in the prompt", async () => {
    await using at = await connect()
    const city = { type: "ref/resource", uri: "city://{name}" } as const
    const named = await at.client.complete({ ref: city, argument: { name: "name", value: "l" } })
    expect(named.completion).toEqual({ values: ["Lisbon", "London"], total: 2, hasMore: false })
    const list = { type: "ref/prompt", name: "packing_list" } as const
    const asked = await at.client.complete({ ref: list, argument: { name: "city", value: "O" } })
    expect(asked.completion.values).toEqual(["Oslo"])
  })

  it("fills a prompt, and defaults what was left out", async () => {
    await using at = await connect()
    const { messages } = await at.client.getPrompt({ name: "packing_list", arguments: { city: "Oslo" } })
    expect(messages).toEqual([
      { role: "user", content: { type: "text", text: "I travel to Oslo for 3 days. What should I pack?" } },
      { role: "assistant", content: { type: "text", text: "Here is a list, most important things first:" } }
    ])
  })
})

describe("as a child process on stdio", () => {
  it.each(children)(
    "main.ts $flags answers $title, and says nothing on stderr",
    { timeout },
    async ({ inChild, flags }) => {
      await using child = await inChild("quickstart", flags)
      expect(text(await child.client.call("add", { a: 2, b: 3 }))).toBe("5")
      await child.close()
      expect(child.stderr()).toBe("")
    }
  )
})
