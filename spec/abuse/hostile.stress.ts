import { once } from "node:events"
import { expect, it } from "vitest"
import { openSocket, rawHead, type RawResponse, readResponse, send } from "../kit/raw-http.ts"
import { latencies, percentile, times, told } from "./load.ts"
import { abused, calling, effortOf, headersOf, look, mebibytes } from "./process.ts"
import { type Dawdling, dawdle, type Dawdled } from "./slow-clients.ts"

const deadline = 10 * 60_000

it(
  "1,000 bodies of 32 MiB are refused, and cost less than 10 MB of memory",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const chunk = Buffer.alloc(1_048_576, " ")
    const chunked = Buffer.concat([Buffer.from("100000\r\n"), chunk, Buffer.from("\r\n")])
    const flood = async (declared: boolean): Promise<RawResponse> => {
      const socket = await openSocket(child.port)
      const answer = readResponse(socket)
      const headers = declared ? { "content-length": `${32 * 1_048_576}` } : { "transfer-encoding": "chunked" }
      socket.write(rawHead(child.port, headers))
      for (let sent = 0; sent < 32 && !socket.destroyed && socket.bytesRead === 0; sent++) {
        if (!socket.write(declared ? chunk : chunked))
          await Promise.race([once(socket, "drain"), once(socket, "close")])
      }
      const response = await answer
      socket.destroy()
      return response
    }
    // what the process keeps for its next bodies of 4 MiB, eight at once
    await times(100, 8, (n) => flood(n % 2 === 0))
    const before = await look(child.url)
    let refused = 0
    let most = 0
    await times(1_000, 8, async (n) => {
      const { status, body } = await flood(n % 2 === 0)
      if (status === 413 && JSON.parse(body).error.code === -32600) refused++
      if (n % 100 === 99) most = Math.max(most, (await look(child.url)).rss)
    })
    const after = await look(child.url)
    told("R-4, 1,000 bodies of 32 MiB", {
      "answered 413": refused,
      "MiB of memory more at most": mebibytes(most - before.rss),
      "at the end": mebibytes(after.rss - before.rss)
    })
    expect(refused).toBe(1_000)
    expect(after.rss - before.rss).toBeLessThan(10 * 1_048_576)
  },
  deadline
)

it(
  "1,000 nests of 100,000 levels are refused without blocking anybody",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const nests = [
      "[".repeat(100_000),
      '{"a":'.repeat(100_000),
      `{"jsonrpc":"2.0","id":1,"params":${"[".repeat(100_000)}`
    ]
    await effortOf(child.url)
    let refused = 0
    await times(1_000, 8, async (n) => {
      const { status } = await send(child.port, { body: nests[n % nests.length]! })
      if (status === 400) refused++
    })
    const { lag, cpu } = await effortOf(child.url)
    told("R-5, 1,000 nests of 100,000 levels", {
      "answered 400": refused,
      "processor time for each, ms": cpu / 1_000,
      "longest wait of the event loop, ms": lag
    })
    expect(refused).toBe(1_000)
    expect(cpu / 1_000).toBeLessThan(10)
  },
  deadline
)

it(
  "2,000 slow clients are answered 408 in time, and the others do not notice",
  async () => {
    await using child = await abused("http", { http: { bodyTimeout: 15_000 } }, { deadline })
    const quiet = await latencies(child.port, 500)
    const slow: Array<Promise<Dawdled & { readonly how: Dawdling }>> = []
    await times(2_000, 100, async (n) => {
      const how: Dawdling = (["headers", "header", "body", "chunks"] as const)[n % 4]!
      const every = how.startsWith("header") ? 1_000 : 5_000
      slow.push(dawdle(child.port, how, every).then((dawdled) => ({ ...dawdled, how })))
    })
    const meanwhile = await latencies(child.port, 1_000)
    const all = await Promise.all(slow)
    const longest = (kind: string) =>
      Math.max(...all.filter(({ how }) => how.startsWith(kind)).map(({ millis }) => millis))
    const answered = all.filter(({ response }) => response?.status === 408).length
    const [headers, bodies] = [longest("header"), Math.max(longest("body"), longest("chunks"))]
    told("R-7, 2,000 slow clients", {
      "answered 408": answered,
      "headers after, ms at most": headers,
      "bodies after, ms at most": bodies,
      "p99 of another's call before, ms": percentile(quiet, 99),
      "and meanwhile, ms": percentile(meanwhile, 99)
    })
    expect(answered).toBe(2_000)
    // the limits are 10 and 15 seconds
    expect(headers).toBeLessThan(12_000)
    expect(bodies).toBeLessThan(17_000)
    const message = calling(1, "echo", { text: "" })
    expect((await send(child.port, { headers: headersOf(message), body: JSON.stringify(message) })).status).toBe(200)
  },
  deadline
)
