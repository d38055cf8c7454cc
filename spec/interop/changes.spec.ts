import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema
} from "@modelcontextprotocol/sdk/types.js"
import { describe, expect, it } from "vitest"
import { connect, type TestClient } from "../kit/clients.ts"
import { type Combination, combinations, nameOf, onEveryTransport } from "../kit/eras.ts"

const module = new URL("changing-server.ts", import.meta.url)

const methods = {
  "notifications/tools/list_changed": ToolListChangedNotificationSchema,
  "notifications/prompts/list_changed": PromptListChangedNotificationSchema,
  "notifications/resources/list_changed": ResourceListChangedNotificationSchema,
  "notifications/resources/updated": ResourceUpdatedNotificationSchema
} as const

/** What a client's own handlers hear from now on, such as `note://1` or `notifications/tools/list_changed`. */
const hearing = ({ sdk, at }: TestClient) => {
  const heard: Array<string> = []
  let look = () => {}
  for (const [method, schema] of Object.entries(methods)) {
    sdk.setNotificationHandler(at.client === "v1" ? schema : method, ({ params }: any) => {
      heard.push(params?.uri ?? method)
      look()
    })
  }
  /** All that was heard, once there are so many. */
  const count = (most: number) =>
    new Promise<ReadonlyArray<string>>((resolve) => {
      look = () => {
        if (heard.length >= most) resolve([...heard])
      }
      look()
    })
  return { heard, count }
}

const every = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }

describe("an official client", () => {
  onEveryTransport(module, (clientOf, at) => {
    it("is told of every list that changes", async () => {
      const client = clientOf()
      const { count } = hearing(client)
      expect(client.capabilities).toMatchObject({
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true }
      })
      const subscription = at.era === "sessionless" ? await client.sdk.listen(every) : undefined
      if (subscription !== undefined) expect(subscription.honoredFilter).toEqual(every)
      const told: Array<string> = []
      for (const kind of ["tools", "prompts", "resources"]) {
        await client.call("change", { kind })
        told.push(`notifications/${kind}/list_changed`)
        expect(await count(told.length)).toEqual(told)
      }
      await subscription?.close()
    })

    it("is told of the resources that it subscribed to, of mounted servers too, until it leaves them", async () => {
      const client = clientOf()
      const { heard, count } = hearing(client)
      const uris = ["note://1", "note://team/1"]
      const subscription =
        at.era === "sessionless" ? await client.sdk.listen({ resourceSubscriptions: uris }) : undefined
      if (subscription === undefined) for (const uri of uris) await client.sdk.subscribeResource({ uri })
      await client.call("touch", { uri: "note://2" })
      await client.call("touch", { uri: "note://1" })
      expect(await count(1)).toEqual(["note://1"])
      await client.call("team_touch", { uri: "note://1" })
      expect(await count(2)).toEqual(["note://1", "note://team/1"])
      if (subscription === undefined) for (const uri of uris) await client.sdk.unsubscribeResource({ uri })
      else {
        await subscription.close()
        expect(await subscription.closed).toBe("local")
      }
      await client.call("touch", { uri: "note://1" })
      await client.call("touch", { uri: "note://1" })
      expect(heard).toHaveLength(2)
    })

    it("cannot subscribe to what is not there", async () => {
      const { sdk } = clientOf()
      if (at.era === "sessionless") {
        const subscription = await sdk.listen({ resourceSubscriptions: ["note://1", "other://1"] })
        expect(subscription.honoredFilter).toEqual({ resourceSubscriptions: ["note://1"] })
        await subscription.close()
      } else {
        const refused = await sdk.subscribeResource({ uri: "other://1" }).catch((error: unknown) => error)
        // the v2 client gives the code of 2026-07-28 to what it knows of both revisions
        expect(refused).toMatchObject({ code: at.client === "v1" ? -32002 : -32602, data: { uri: "other://1" } })
      }
    })
  })
})

const listening = combinations.filter(({ era, transport }) => era === "sessionless" && transport !== "stdio")

describe.each(listening.map((at) => [nameOf(at), at] as const))("%s", (_, at: Combination) => {
  it("hears that a stream ends on purpose when the server closes", async () => {
    const { default: main } = await import(module.href)
    const client = await connect(main, at)
    const subscription = await client.sdk.listen(every)
    await client.closeServer()
    expect(await subscription.closed).toBe("graceful")
    await client[Symbol.asyncDispose]()
  })

  it("opens a stream by itself for the list handlers that it was given", async () => {
    const { default: main } = await import(module.href)
    const names: Array<ReadonlyArray<string>> = []
    let look = () => {}
    const tools = {
      debounceMs: 0,
      onChanged: (_: unknown, tools: ReadonlyArray<{ readonly name: string }>) => {
        names.push(tools.map(({ name }) => name))
        look()
      }
    }
    await using client = await connect(main, at, undefined, { listChanged: { tools } })
    expect(client.sdk.autoOpenedSubscription.honoredFilter).toEqual({ toolsListChanged: true })
    const before = (await client.sdk.listTools()).tools.map(({ name }: any) => name)
    await client.call("change", { kind: "tools" })
    await new Promise<void>((resolve) => {
      look = () => {
        if (names.length > 0) resolve()
      }
      look()
    })
    expect(names).toHaveLength(1)
    expect(names[0]).not.toEqual(before)
  })
})
