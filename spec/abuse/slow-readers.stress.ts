import { once } from "node:events"
import { expect, it } from "vitest"
import { openSocket, rawHead } from "../kit/raw-http.ts"
import { mebibytes, scaled, told } from "./figures.ts"
import { heldByKernel } from "./kernel.ts"
import { client, session } from "./load.ts"
import { type Abused, abused, calling, headersOf, look } from "./process.ts"

const count = scaled(1_000_000)
const deadline = 15 * 60_000

/** What a tool has told once it is suspended, and the most memory until then. */
const suspended = async ({ url }: Abused) => {
  let seen = await look(url)
  let most = seen.rss
  for (let same = 0; same < 10; ) {
    const next = await look(url)
    same = next.written === seen.written ? same + 1 : 0
    seen = next
    most = Math.max(most, seen.rss)
  }
  if (seen.written === 0) throw new Error("the tool was not called")
  return { ...seen, most }
}

/** Reads the messages of a response as they come, in chunks of its own; where in the bytes each ended, and the last. */
const reader = (expected: (progress: number, end: number) => void) => {
  let bytes = 0
  let rest = ""
  let last = ""
  return {
    take: (chunk: Buffer) => {
      const start = bytes - rest.length
      const text = rest + chunk.toString("latin1")
      bytes += chunk.length
      const events = text.split("\n\n")
      rest = events.pop()!
      let end = start
      for (const event of events) {
        end += event.length + 2
        const progress = /"progress":(\d+)[,}]/.exec(event)?.[1]
        if (progress !== undefined) expected(Number(progress), end)
        else last = event
      }
    },
    last: () => last
  }
}

const inSession = async (child: Abused) => {
  const load = client(child.port, 1)
  const headers = await session(load)
  load.close()
  return headers
}

it.each([
  ["2026-07-28", () => undefined],
  ["a session", inSession]
] as const)(
  "a client that reads nothing suspends what tells it things, costs less than 20 MB, and gets them all when it reads: %s",
  { timeout: deadline },
  async (era, sessionOf) => {
    await using child = await abused("http", {}, { deadline })
    const now = calling(1, "flood", { count, bytes: 100 }, { progressToken: "p" })
    const session = await sessionOf(child)
    const { name, arguments: args } = now.params as Record<string, unknown>
    const message =
      session === undefined ? now : { ...now, params: { name, arguments: args, _meta: { progressToken: "p" } } }
    const headers = session ?? headersOf(now)
    const before = await look(child.url)
    const socket = await openSocket(child.port)
    socket.pause()
    const body = JSON.stringify(message)
    socket.write(rawHead(child.port, { ...headers, "content-length": `${body.length}`, connection: "close" }) + body)
    const stopped = await suspended(child)
    const kernel = heldByKernel(child.port, socket.localPort!) + socket.bytesRead
    let seen = 0
    let produced = 0
    const { take, last } = reader((progress, end) => {
      if (progress !== ++seen) throw new Error(`${progress} came as number ${seen}`)
      if (progress === stopped.written + 1) produced = end
    })
    const since = performance.now()
    socket.on("data", take).resume()
    await once(socket, "close")
    const rate = (count - stopped.written) / (performance.now() - since)
    const after = await look(child.url)
    told`R-14: a client in ${era} that reads nothing of ${count} notifications, the tool suspended after ${stopped.written + 1} with ${(produced - kernel) / 1024} KiB in the process (the rest, ${kernel / 1024} KiB, in the system's buffers); RSS +${mebibytes(stopped.most - before.rss)} MiB at most, heap +${mebibytes(stopped.heapUsed - before.heapUsed)} MiB; read then, ${seen} came in order (${rate * 1_000}/s), and the result; RSS +${mebibytes(after.rss - before.rss)} MiB at the end`
    expect(seen).toBe(count)
    expect(last()).toContain('"text":"flooded"')
    expect(stopped.written).toBeLessThan(count / 2)
    expect(stopped.most - before.rss).toBeLessThan(20_000_000)
    // it stopped with the message that went beyond
    expect(produced - kernel).toBeLessThan(262_144 + 1_000)
  }
)
