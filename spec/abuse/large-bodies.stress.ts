import { once } from "node:events"
import { expect, it } from "vitest"
import { openSocket, rawHead, type RawResponse, readResponse } from "../kit/raw-http.ts"
import { mebibytes, scaled, told } from "./figures.ts"
import { times } from "./load.ts"
import { abused, look } from "./process.ts"

const count = scaled(1_000)
const deadline = 10 * 60_000

/** Sends 32 MiB, declared or in chunks, until it hears that they are too many. */
const flood = async (port: number, declared: boolean): Promise<RawResponse> => {
  const chunk = Buffer.alloc(1_048_576, " ")
  const chunked = Buffer.concat([Buffer.from("100000\r\n"), chunk, Buffer.from("\r\n")])
  const socket = await openSocket(port)
  const answer = readResponse(socket)
  const headers = declared ? { "content-length": `${32 * 1_048_576}` } : { "transfer-encoding": "chunked" }
  socket.write(rawHead(port, headers))
  for (let sent = 0; sent < 32 && !socket.destroyed && socket.bytesRead === 0; sent++) {
    if (!socket.write(declared ? chunk : chunked)) await Promise.race([once(socket, "drain"), once(socket, "close")])
  }
  const response = await answer
  socket.destroy()
  return response
}

it(
  "bodies of 32 MiB are refused, and cost less than 10 MB of memory beyond what the first ones took",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const cold = await look(child.url)
    /** Sends so many, eight at once; the most memory while they come, and how many were refused. */
    const under = async (of: number) => {
      let [refused, most] = [0, 0]
      await times(of, 8, async (n) => {
        const { status, body, headers } = await flood(child.port, n % 2 === 0)
        if (status === 413 && JSON.parse(body).error.code === -32600 && headers["connection"] === "close") refused++
        if (n % 25 === 24) most = Math.max(most, (await look(child.url)).rss)
      })
      return { refused, most }
    }
    // what the process keeps for its next bodies of 4 MiB, eight at once
    const first = await under(100)
    const warm = await look(child.url)
    let [refused, most, kept] = [0, 0, 0]
    for (let part = 0; part < 20; part++) {
      const some = await under(count / 20)
      refused += some.refused
      most = Math.max(most, some.most)
      kept = Math.max(kept, (await look(child.url)).rss)
    }
    const after = await look(child.url)
    told`R-4: ${count} bodies of 32 MiB, ${refused} answered 413 and closed; RSS +${mebibytes(kept - warm.rss)} MiB at most after any 50 of them, +${mebibytes(after.rss - warm.rss)} MiB at the end, +${mebibytes(most - warm.rss)} MiB while 8 come at once; heap +${mebibytes(after.heapUsed - warm.heapUsed)} MiB; the first 100, cold, took +${mebibytes(Math.max(first.most, warm.rss) - cold.rss)} MiB`
    expect(refused).toBe(count)
    expect(kept - warm.rss).toBeLessThan(10_000_000)
  },
  deadline
)
