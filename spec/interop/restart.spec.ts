import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { accept } from "mcpipe"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Running, start } from "../kit/spawn.ts"
import { gate } from "../kit/wire.ts"

const keys = { ours: "the key that all of our processes share", other: "a key of somebody else altogether, and long" }

const folder = mkdtempSync(join(tmpdir(), "mcpipe-restart-"))
const linesOf = (file: string) => readFileSync(join(folder, file), "utf8").trimEnd().split("\n")

/** A process that serves, and where. */
interface Server {
  readonly process: Running
  readonly url: string
}

const serverOf = async (...args: ReadonlyArray<string>): Promise<Server> => {
  const process = start("spec/interop/restart-server.ts", { args: [folder, ...args], deadline: 30_000 })
  const line = await process.errorLine("serving at ")
  return { process, url: line.slice("serving at ".length) }
}

let servers: { readonly [K in "doomed" | "second" | "stranger"]: Server }
beforeAll(async () => {
  const [doomed, second, stranger] = await Promise.all([
    serverOf(keys.ours, "shared"),
    serverOf(keys.ours, "shared"),
    serverOf(keys.other)
  ])
  servers = { doomed, second, stranger }
})
afterAll(async () => {
  await Promise.all(Object.values(servers).map(({ process }) => process[Symbol.asyncDispose]()))
  rmSync(folder, { recursive: true })
})

/** A client of 2026-07-28 whose every request goes to the process that `at` names then. */
const connect = async (at: () => Server, answer: (text: string) => unknown = given) => {
  const client = new Client(
    { name: "restart", version: "1.0.0" },
    { capabilities: { elicitation: { form: {} }, sampling: {} }, versionNegotiation: { mode: "auto" } }
  )
  client.setRequestHandler("elicitation/create", async ({ params }) => (await answer(params.message)) as never)
  client.setRequestHandler("sampling/createMessage", async () => said("All roads."))
  const elsewhere = (_: string | URL, init?: RequestInit) => fetch(at().url, init)
  await client.connect(new StreamableHTTPClientTransport(new URL(at().url), { fetch: elsewhere }))
  return {
    call: async (name: string) => JSON.parse(textOf(await client.callTool({ name }))),
    /** One round by hand. */
    round: (name: string, earlier: object = {}): Promise<any> =>
      client.callTool({ name, ...earlier }, { allowInputRequired: true } as never),
    [Symbol.asyncDispose]: () => client.close()
  }
}

const given = (question: string) => accept({ value: `${question.slice(0, -1)}!` })
const said = (text: string) => ({ role: "assistant", model: "m", content: { type: "text", text } }) as const
const textOf = ({ content }: any): string => content[0].text

/** What the next round brings: the answers to what was asked, and the state as it came. */
const answered = ({ requestState, inputRequests }: any) => ({
  requestState,
  inputResponses: Object.fromEntries(
    Object.entries<any>(inputRequests).map(([id, { params }]) => [id, given(params.message)])
  )
})

describe("a call whose rounds are served by several processes", () => {
  it("goes on where its journal is too large to travel and the processes share a store", async () => {
    const { doomed, second } = servers
    let at = doomed
    await using client = await connect(() => at)
    const first = await client.round("large")
    // the journal has 20,000 characters and stays behind
    expect(first.requestState.length).toBeLessThan(300)
    at = second
    const other = await client.round("large", answered(first))
    expect(other.requestState.length).toBeLessThan(300)
    at = doomed
    expect(textOf(await client.round("large", answered(other)))).toBe("20000 characters, Send it!, Really!")
    expect(linesOf("reports")).toEqual([`by ${doomed.process.pid}`])
  })

  it("tells its operator how to go on where they share none, and its client nothing", async () => {
    const { stranger } = servers
    await using client = await connect(() => stranger)
    const { code, message } = await client.round("large").catch((error) => error)
    expect(code).toBe(-32603)
    const [, reference] = /^Internal error \(reference ([0-9a-f]{8})\)$/.exec(message) ?? []
    expect(reference, message).toBeDefined()
    const line = await stranger.process.errorLine(reference!)
    expect(line).toContain("JournalNotShared: The journal of this call has about 20")
    expect(line).toContain("Provide one that all of them reach: .provide(layer) with a layer of JournalStore.")
  })

  it("is refused by one that has another key, and goes on at one that has the same", async () => {
    const { doomed, second, stranger } = servers
    let at = doomed
    await using client = await connect(() => at)
    const first = await client.round("large")
    at = stranger
    expect(await client.round("large", answered(first)).catch((error) => error)).toMatchObject({
      code: -32602,
      message:
        "params.requestState is not one of this call: send it back exactly as it came, with the same name and arguments, or call again without it."
    })
    at = second
    expect(Object.values<any>((await client.round("large", answered(first))).inputRequests)).toMatchObject([
      { params: { message: "Really?" } }
    ])
  })

  it("completes after its first process was killed, and charges once, whichever process came to it", async () => {
    const { doomed, second } = servers
    let at = doomed
    const killed = gate()
    const waiting = { "Day?": gate(), "City?": gate() }
    const waitAt = (there: keyof typeof waiting) => async (question: string) => {
      if (question === there) {
        waiting[there].open()
        await killed.opened
      }
      return given(question)
    }
    await using charged = await connect(() => at, waitAt("Day?"))
    await using uncharged = await connect(() => at, waitAt("City?"))
    const calls = Promise.all([charged.call("book"), uncharged.call("book_async")])
    await Promise.all([waiting["Day?"].opened, waiting["City?"].opened])
    doomed.process.signal("SIGKILL")
    expect(await doomed.process.ended()).toEqual({ code: null, signal: "SIGKILL" })
    at = second
    killed.open()
    const [one, other] = await calls
    const common = { city: "City!", day: "Day!", line: "All roads.", idempotencyKey: expect.stringMatching(/^.{43}$/) }
    expect(one).toEqual({ ...common, receipt: `r-${doomed.process.pid}` })
    expect(other).toEqual({ ...common, receipt: `r-${second.process.pid}` })
    expect(linesOf("charges")).toEqual([
      `${one.idempotencyKey} by ${doomed.process.pid}`,
      `${other.idempotencyKey} by ${second.process.pid}`
    ])
    expect(one.idempotencyKey).not.toBe(other.idempotencyKey)
  })
})
