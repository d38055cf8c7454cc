import { Effect, type Named, prompt, resource, type Selection, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { cache } from "../../lib/middleware/cache.ts"
import { rateLimit } from "../../lib/middleware/rate-limit.ts"
import { redact } from "../../lib/middleware/redact.ts"
import { retry } from "../../lib/middleware/retry.ts"
import { timeout } from "../../lib/middleware/timeout.ts"
import { connect } from "../../lib/testing/index.ts"
import { inEachEra, info } from "../testing/eras.ts"
import { said } from "./calls.ts"

const mail = "ann@example.com"

const find = tool({ name: "user_find", tags: ["read"] }, () => mail)
const drop = tool({ name: "user_drop" }, () => mail)
const ping = tool({ name: "ping" }, () => mail)
const ask = prompt({ name: "user_ask", tags: ["read"] }, () => mail)
const note = resource({ uri: "note://{id}", tags: ["read"] }, () => mail)
const page = resource({ uri: "page://1" }, () => mail)
const crm = server(info).add(find, drop, ping, ask, note, page)

type Options = { readonly only?: Selection; readonly except?: Selection }

const everything = ["user_find", "user_drop", "ping", "user_ask", "note://1", "page://1"]

inEachEra((era) => {
  /** Which of these calls do not come back with the mail. */
  const met = async (
    served: AnyServer,
    { namespace = "", uris = ["note://1", "page://1"] } = {}
  ): Promise<ReadonlyArray<string>> => {
    await using client = await connect(served as typeof crm, { era, clock: "virtual" })
    const passes = async (asked: Promise<any>) =>
      await asked.then(
        (answer) => JSON.stringify(answer).includes(mail),
        () => false
      )
    const made: Array<readonly [string, Promise<any>]> = []
    for (const name of ["user_find", "user_drop", "ping"]) {
      made.push([name, client.request("tools/call", { name: `${namespace}${name}`, arguments: {} })])
    }
    made.push(["user_ask", client.request("prompts/get", { name: `${namespace}user_ask` })])
    for (const [index, own] of ["note://1", "page://1"].entries()) {
      made.push([own, client.request("resources/read", { uri: uris[index] })])
    }
    const found: Array<string> = []
    for (const [name, asked] of made) if (!(await passes(asked))) found.push(name)
    return found
  }
  const kinds = {
    redact: (options: Options) => redact({ patterns: ["email"], ...options }),
    // so that none may pass: every call takes more than there is
    rateLimit: (options: Options) => rateLimit({ perHour: 1, weight: () => 2, ...options })
  }

  describe.each(Object.entries(kinds))("%s is for", (_, make) => {
    it.each<[string, Options, ReadonlyArray<string>]>([
      ["all that has a component", {}, everything],
      ["a name", { only: "ping" }, ["ping"]],
      ["names with a wildcard, of tools and prompts alike", { only: "user_*" }, ["user_find", "user_drop", "user_ask"]],
      ["a tag", { only: { tag: "read" } }, ["user_find", "user_ask", "note://1"]],
      ["what a function picks", { only: ({ type }: Named) => type === "resource" }, ["note://1", "page://1"]],
      ["alternatives", { only: ["page://*", { tag: "read" }] }, ["user_find", "user_ask", "note://1", "page://1"]],
      ["a template, by its own URI", { only: "note://{id}" }, ["note://1"]],
      ["a URI that is read of a template", { only: ["note://1"] }, ["note://1"]],
      ["no other URI of a template", { only: ["note://2"] }, []],
      ["nothing where nobody has the name", { only: "nobody" }, []],
      ["all but a wildcard", { except: "user_*" }, ["ping", "note://1", "page://1"]],
      ["all but a tag", { except: { tag: "read" } }, ["user_drop", "ping", "page://1"]],
      [
        "all but what a function picks",
        { except: ({ type }: Named) => type !== "tool" },
        ["user_find", "user_drop", "ping"]
      ],
      ["all but a URI of a template", { except: "note://1" }, everything.filter((name) => name !== "note://1")],
      ["what only picks and except does not", { only: "user_*", except: { tag: "read" } }, ["user_drop"]]
    ])("%s", async (_, options, names) => {
      expect(await met(crm.use(make(options)))).toEqual(names)
    })

    it("names that its own server knows, wherever that is mounted", async () => {
      const mounted = { namespace: "crm_", uris: ["note://crm/1", "page://crm/1"] }
      const seen: Array<string> = []
      const only = ({ name }: Named) => {
        seen.push(name)
        return name === "user_find" || name === "note://{id}"
      }
      const within = server(info).mount("crm", crm.use(make({ only })))
      expect(await met(within, mounted)).toEqual(["user_find", "note://1"])
      expect(new Set(seen)).toEqual(new Set(["user_find", "user_drop", "ping", "user_ask", "note://{id}", "page://1"]))
      const at = server(info).mount("crm", crm, { use: make({ only: ["user_*", "note://*"] }) })
      expect(await met(at, mounted)).toEqual(["user_find", "user_drop", "user_ask", "note://1"])
      const outside = server(info).mount("crm", crm)
      expect(await met(outside.use(make({ only: ["crm_user_*", "note://crm/{id}"] })), mounted)).toEqual([
        "user_find",
        "user_drop",
        "user_ask",
        "note://1"
      ])
      expect(await met(outside.use(make({ only: ["user_*", "note://{id}"] })), mounted)).toEqual([])
    })

    it("components that it looks at once, however often they are called", async () => {
      const looks: Array<string> = []
      const only = ({ name }: Named) => {
        looks.push(name)
        return false
      }
      await using client = await connect(crm.use(make({ only })), { era })
      for (let n = 0; n < 3; n++) {
        expect(await said(client, "ping")).toBe(mail)
        expect(await client.read(note, { id: String(n) })).toMatchObject([{ text: mail }])
      }
      expect(looks).toEqual(["ping", "note://{id}"])
    })
  })

  it("timeout knows times by the names of its own server", async () => {
    const slow = resource({ uri: "slow://{id}" }, () => Effect.never)
    const main = server(info)
      .mount("c", server(info).resource(slow))
      .use(timeout({ perName: { "slow://c/{id}": 1000 }, only: "slow://*" }))
    await using client = await connect(main, { era, clock: "virtual" })
    const read = client.request("resources/read", { uri: "slow://c/1" })
    const failed = expect(read).rejects.toThrow("timed out after 1000 ms")
    await client.clock.adjust("1 second")
    await failed
  })

  describe("what only picks by a wildcard alone", () => {
    const counted = () => {
      let runs = 0
      const count = tool({ name: "count", tags: ["safe"] }, () => {
        runs++
        throw new Error("down")
      })
      return { count, runs: () => runs }
    }

    it.each<[string, Selection, number]>([
      ["a name", ["count"], 3],
      ["a tag", { tag: "safe" }, 3],
      ["a function", () => true, 3],
      ["a wildcard", "cou*", 1],
      ["a wildcard and a name", ["cou*", "count"], 3]
    ])("is not retried on its word: %s", async (_, only, attempts) => {
      const { count, runs } = counted()
      const main = server(info)
        .tool(count)
        .use(retry({ only, baseDelay: 0, maxDelay: 0 }))
      await using client = await connect(main, { era })
      expect(await said(client, "count")).toMatch(/^Internal error/)
      expect(runs()).toBe(attempts)
    })

    it("is retried all the same where dangerouslyRetryAll says so", async () => {
      const { count, runs } = counted()
      const main = server(info)
        .tool(count)
        .use(retry({ only: "cou*", dangerouslyRetryAll: true, baseDelay: 0, maxDelay: 0 }))
      await using client = await connect(main, { era })
      await said(client, "count")
      expect(runs()).toBe(3)
    })

    it.each<[string, Selection, number]>([
      ["a tag", { tag: "write" }, 1],
      ["a wildcard", "ad*", 2]
    ])("is not cached on its word: %s", async (_, only, sum) => {
      let total = 0
      const add = tool({ name: "add", tags: ["write"] }, () => `${++total}`)
      await using client = await connect(server(info).tool(add).use(cache({ only })), { era })
      await said(client, "add")
      expect(await said(client, "add")).toBe(`${sum}`)
    })
  })
})
