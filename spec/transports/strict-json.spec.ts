import { PassThrough } from "node:stream"
import { once } from "node:events"
import { serve, server, toFetchHandler, tool } from "mcpipe"
import * as v from "valibot"
import { describe, expect, it } from "vitest"
import { httpSettings } from "../../lib/transports/http/node.ts"
import { stdioSettings } from "../../lib/transports/stdio.ts"
import { send } from "../kit/raw-http.ts"
import { envelope } from "../kit/wire.ts"

const greeter = server({ name: "greeter", version: "1.0.0" }).tool(
  tool({ name: "greet", input: { name: v.string() } }, ({ name }) => `Hello, ${name}!`)
)

const headers = {
  "content-type": "application/json",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "greet"
}

/** A call with one more member of a name that is there already. */
const call = (more: { readonly params?: string; readonly args?: string }) => {
  const meta = JSON.stringify(envelope())
  const args = `{"name":"Ada"${more.args ?? ""}}`
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":${args},"_meta":${meta}${more.params ?? ""}}}`
}
const twoTools = call({ params: ',"name":"other"' })
const twoNames = call({ args: ',"name":"Eve"' })

const refusal = (where: string) => ({
  jsonrpc: "2.0",
  error: { code: -32600, message: `${where} has two members named "name": name each member of a JSON object once.` }
})

type Ask = (text: string) => Promise<{ readonly status: number; readonly body: any }>

const overFetch = async (strictJson: boolean | undefined, use: (ask: Ask) => Promise<void>) => {
  await using handler = toFetchHandler(greeter, { strictJson })
  await use(async (body) => {
    const response: Response = await handler(new Request("http://localhost/mcp", { method: "POST", headers, body }))
    return { status: response.status, body: await response.json() }
  })
}

const overNode = async (strictJson: boolean | undefined, use: (ask: Ask) => Promise<void>) => {
  await using serving = await serve(greeter, { http: { port: 0, strictJson }, signals: false })
  await use(async (body) => {
    const response = await send(serving.port!, { body, headers })
    return { status: response.status, body: JSON.parse(response.body) }
  })
}

const overStdio = async (strictJson: boolean | undefined, use: (ask: Ask) => Promise<void>) => {
  const input = new PassThrough()
  const output = new PassThrough({ encoding: "utf8" })
  await using _ = await serve(greeter, { stdio: { input, output, strictJson }, signals: false })
  await use(async (text) => {
    input.write(`${text}\n`)
    const [line] = await once(output, "data")
    const body = JSON.parse(line)
    return { status: body.error === undefined ? 200 : 400, body }
  })
}

describe.each([
  ["fetch", overFetch],
  ["node:http", overNode],
  ["stdio", overStdio]
])("over %s a name given twice", (_, over) => {
  it("in the envelope is refused whatever the options say", async () => {
    for (const strictJson of [undefined, false, true]) {
      await over(strictJson, async (ask) => {
        expect(await ask(twoTools)).toStrictEqual({ status: 400, body: refusal("params") })
      })
    }
  })

  it("in arguments counts once, as JSON.parse has it, unless strictJson is on", async () => {
    await over(undefined, async (ask) => {
      const { status, body } = await ask(twoNames)
      expect([status, body.result.content]).toStrictEqual([200, [{ type: "text", text: "Hello, Eve!" }]])
    })
    await over(true, async (ask) => {
      expect(await ask(twoNames)).toStrictEqual({ status: 400, body: refusal("params.arguments") })
      expect((await ask(call({}))).body.result.content[0].text).toBe("Hello, Ada!")
    })
  })
})

it("strictJson is true or false, and nothing that only looks like it", () => {
  const message = 'Option `strictJson` is "false": use true or false.'
  expect(() => httpSettings({ strictJson: "false" as never })).toThrow(message)
  expect(() => stdioSettings({ strictJson: "false" as never }, 0)).toThrow(message)
})
