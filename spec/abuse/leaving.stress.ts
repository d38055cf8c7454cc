import { expect, it } from "vitest"
import { client, session, times, told } from "./load.ts"
import { abused, calling, headersOf, look, mebibytes, messagesOf, post, request, valueOf } from "./process.ts"

const deadline = 5 * 60_000
const count = 200

/** Looks until it has come to this; the milliseconds that took. */
const until = async (url: string, come: (seen: Awaited<ReturnType<typeof look>>) => boolean): Promise<number> => {
  const since = performance.now()
  while (!come(await look(url)));
  return performance.now() - since
}

it(
  "200 calls of clients that leave are interrupted at once on 2026-07-28, and clean up",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const load = client(child.port)
    const leaving = new AbortController()
    const calls = Array.from({ length: count }, (_, n) =>
      post(child.url, calling(n, "nap", { millis: 60_000 }), { signal: leaving.signal }).catch(() => "left")
    )
    await child.begun(count)
    leaving.abort()
    const millis = await until(child.url, ({ interrupted, finalized }) => interrupted === count && finalized === count)
    load.close()
    told("R-8, 200 disconnects on 2026-07-28", { "all interrupted and cleaned up after, ms": millis })
    expect(await Promise.all(calls)).toEqual(Array.from({ length: count }, () => "left"))
    expect(millis).toBeLessThan(1_000)
  },
  deadline
)

it(
  "200 calls of sessions whose clients leave go on, and have their results for the clients that come back",
  async () => {
    await using child = await abused("http", { http: { keepAlive: 200 } }, { deadline })
    const load = client(child.port)
    let resumed = 0
    await times(count, 50, async (n) => {
      const headers = await session(load)
      const params = { name: "nap", arguments: { millis: 3_000 } }
      const { sent, response } = await load.open(
        JSON.stringify({ jsonrpc: "2.0", id: n, method: "tools/call", params }),
        headers
      )
      sent.on("error", () => {})
      response.on("error", () => {})
      // the stream of a call that is not answered for a while begins by telling its id
      const [first] = await new Promise<[Buffer]>((resolve) => response.once("data", (chunk) => resolve([chunk])))
      const id = /^id: (.+)$/m.exec(first.toString())![1]!
      sent.destroy()
      const { "content-type": _, ...own } = headers
      const back = await load.ask(undefined, { ...own, accept: "text/event-stream", "last-event-id": id }, "GET")
      if (back.text.includes('"text":"slept"')) resumed++
    })
    const { interrupted, finalized } = await look(child.url)
    load.close()
    told("R-9, 200 disconnects in sessions", { interrupted, "results had by those who came back": resumed })
    expect([interrupted, finalized, resumed]).toEqual([0, count, count])
  },
  deadline
)

it(
  "SIGTERM with 200 calls of 1.2 s in flight loses none of them",
  async () => {
    await using child = await abused("both", {}, { deadline })
    const naps = Array.from({ length: count }, (_, n) =>
      post(child.url, calling(n, "nap", { millis: 1_200 })).then((response) => valueOf(response))
    )
    const overStdio = Array.from({ length: 10 }, (_, n) =>
      child.request(calling(`stdio ${n}`, "nap", { millis: 1_200 }))
    )
    const notifications = { resourceSubscriptions: ["abuse://one"] }
    const streams = await Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        messagesOf(await post(child.url, request(`listen ${n}`, "subscriptions/listen", { notifications })))
      )
    )
    for (const stream of streams) await stream.next()
    await child.begun(count + 10)
    const since = performance.now()
    child.signal("SIGTERM")
    const final = await Promise.all(streams.map(async (stream) => (await stream.next()).value?.result))
    const newcomer = await post(child.url, calling("late", "echo", { text: "" }))
    const finished = (await Promise.all(naps)).filter((text) => text === "slept").length
    const overLines = (await Promise.all(overStdio)).filter(({ result }) => result.content[0].text === "slept").length
    const ended = await child.ended()
    const millis = performance.now() - since
    const closed = child.stderr().match(/"closed":"\w+"/g) ?? []
    told("R-10, SIGTERM", {
      "calls finished": `${finished}/${count}`,
      "over stdio": `${overLines}/10`,
      "streams ended by their result": `${final.filter((result) => result !== undefined).length}/20`,
      "a newcomer": newcomer.status,
      "layers closed": closed.length,
      "exit code": `${ended.code}`,
      "after, ms": millis
    })
    expect([finished, overLines, newcomer.status, closed.length, ended.code]).toEqual([count, 10, 503, 2, 0])
    expect(final.every((result) => result !== undefined)).toBe(true)
  },
  deadline
)

it(
  "a client that reads nothing stops a tool that tells it 1,000,000 things, and costs less than 20 MB",
  async () => {
    await using child = await abused("http", {}, { deadline })
    const load = client(child.port)
    const before = await look(child.url)
    const message = calling(1, "flood", { count: 1_000_000, bytes: 100 }, { progressToken: "p" })
    const { sent, response } = await load.open(JSON.stringify(message), headersOf(message))
    sent.on("error", () => {})
    response.on("error", () => {})
    response.pause()
    let written = -1
    let most = before.rss
    for (let same = 0; same < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      const seen = await look(child.url)
      most = Math.max(most, seen.rss)
      same = seen.written === written ? same + 1 : 0
      written = seen.written
    }
    const stopped = await look(child.url)
    sent.destroy()
    load.close()
    told("R-14, a client that reads nothing", {
      "told before it stopped": written,
      "KiB of it, most of them in buffers of the system": (written * 220) / 1024,
      "MiB of memory more at most": mebibytes(most - before.rss),
      "of heap": mebibytes(stopped.heapUsed - before.heapUsed)
    })
    expect(written).toBeLessThan(1_000_000)
    expect(most - before.rss).toBeLessThan(20 * 1_048_576)
  },
  deadline
)
