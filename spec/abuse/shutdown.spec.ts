import { expect, it } from "vitest"
import { abused, calling, messagesOf, post, request, valueOf } from "./process.ts"

it("SIGTERM lets calls of both transports finish, ends listening with its answer, takes nobody new, and closes once", async () => {
  await using child = await abused("both")
  const naps = Array.from({ length: 20 }, (_, n) =>
    post(child.url, calling(n, "nap", { millis: 600 })).then((response) => valueOf(response))
  )
  const overStdio = child.request(calling("stdio", "nap", { millis: 600 }))
  const notifications = { resourceSubscriptions: ["abuse://one"] }
  const listening = await Promise.all(
    ["a", "b"].map((id) => post(child.url, request(id, "subscriptions/listen", { notifications })))
  )
  const streams = listening.map(messagesOf)
  for (const stream of streams) {
    expect((await stream.next()).value.method).toBe("notifications/subscriptions/acknowledged")
  }
  await child.begun(21)
  child.signal("SIGTERM")
  for (const [index, stream] of streams.entries()) {
    expect((await stream.next()).value).toMatchObject({ id: ["a", "b"][index], result: {} })
    expect((await stream.next()).done).toBe(true)
  }
  const [newcomer, health] = await Promise.all([
    post(child.url, calling("late", "echo", { text: "" })),
    fetch(new URL("/health", child.url))
  ])
  expect([newcomer.status, newcomer.headers.get("connection"), newcomer.headers.get("retry-after")]).toEqual([
    503,
    "close",
    "1"
  ])
  expect([health.status, await health.json()]).toEqual([503, { status: "draining" }])
  expect(await Promise.all(naps)).toEqual(Array.from({ length: 20 }, () => "slept"))
  expect((await overStdio).result.content).toEqual([{ type: "text", text: "slept" }])
  expect(await child.ended()).toEqual({ code: 0, signal: null })
  const layers = (what: string) =>
    [...child.stderr().matchAll(new RegExp(`"${what}":"(\\w+)"`, "g"))].map(([, name]) => name)
  expect(layers("built").toSorted()).toEqual(["first", "second"])
  expect(layers("closed")).toEqual(layers("built").toReversed())
})

it("a second SIGTERM ends at once", async () => {
  await using child = await abused("http")
  void post(child.url, calling(1, "nap", { millis: 60_000 })).catch(() => {})
  await child.begun(1)
  child.signal("SIGTERM")
  // until the first one is being served
  while ((await fetch(new URL("/health", child.url))).status === 200);
  child.signal("SIGTERM")
  expect(await child.ended()).toEqual({ code: 143, signal: null })
})
