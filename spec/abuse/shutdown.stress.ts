import { expect, it } from "vitest"
import { scaled, told } from "./figures.ts"
import { abused, calling, messagesOf, post, request, valueOf } from "./process.ts"

const deadline = 5 * 60_000
const count = scaled(200)

it(
  "SIGTERM with calls of 1.2 s in flight loses none of them",
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
    const layers = (what: string) =>
      [...child.stderr().matchAll(new RegExp(`"${what}":"(\\w+)"`, "g"))].map(([, name]) => name!)
    const answered = final.filter((result) => result !== undefined).length
    told`R-10: SIGTERM with ${count} calls in flight, ${finished} finished, ${overLines}/10 over stdio; ${answered}/20 listen streams ended by their result; a newcomer had ${newcomer.status}; layers closed ${layers("closed").join(", ")}; exit ${`${ended.code}`} after ${millis} ms (of 25,000)`
    expect([finished, overLines, answered, newcomer.status, ended.code]).toEqual([count, 10, 20, 503, 0])
    expect(newcomer.headers.get("connection")).toBe("close")
    expect(layers("closed")).toEqual(layers("built").toReversed())
    expect(layers("closed")).toHaveLength(2)
  },
  deadline
)
