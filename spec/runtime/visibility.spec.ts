import {
  AssemblyError,
  assemble,
  Changes,
  DefinitionError,
  middleware,
  prompt,
  resource,
  server,
  tool,
  transform,
  visibleTo
} from "mcpipe"
import { transformTool } from "mcpipe/transforms"
import * as v from "valibot"
import { describe, expect, it, vi } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { eventsOf } from "../kit/events.ts"
import { type HttpPeer, httpPeer } from "../kit/http-peer.ts"
import { info, listsOf, read, sayPrompt, sayResource, sayTool } from "../kit/served.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, envelope } from "../kit/wire.ts"

const main = (more: object = {}) => server({ ...info("main"), ...more })
const admins = visibleTo(({ principal }) => principal.scopes.includes("admin"))

/** One user, known by a header. */
interface User {
  readonly request: (method: string, params?: object) => Promise<any>
  /** What the user is told of these resources from now on; undefined where none of them can be listened to. */
  readonly follow: (uri: string) => Promise<boolean>
}

const authenticate = (head: { readonly headers: Headers }) => {
  const id = head.headers.get("x-user") ?? "anonymous"
  return { id, scopes: id === "ann" ? ["admin"] : [] }
}

const eras: ReadonlyArray<readonly [string, (peer: HttpPeer, id: string) => Promise<User>]> = [
  [
    "2025-11-25",
    async (peer, id) => {
      const session = await peer.begin({}, { "x-user": id })
      let count = 0
      const request = async (method: string, params: object = {}) =>
        (await session.send({ jsonrpc: "2.0", id: ++count, method, params })).json()
      return { request, follow: async (uri) => (await request("resources/subscribe", { uri })).error === undefined }
    }
  ],
  [
    "2026-07-28",
    async (peer, id) => {
      const send = (method: string, params: any = {}) => {
        const name = params.name ?? params.uri
        const standard = { "mcp-protocol-version": "2026-07-28", "mcp-method": method }
        const headers = { ...standard, ...(name === undefined ? {} : { "mcp-name": name }), "x-user": id }
        const _meta = envelope({}, params._meta)
        return peer.request({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }, headers)
      }
      return {
        request: async (method, params) => (await send(method, params)).json(),
        follow: async (uri) => {
          const events = eventsOf(
            await send("subscriptions/listen", { notifications: { resourceSubscriptions: [uri] } })
          )
          const { params } = await events.next()
          await events.leave()
          return params.notifications.resourceSubscriptions?.includes(uri) === true
        }
      }
    }
  ]
]

const peerOf = (served: AnyServer) => httpPeer("fetch", served, { authenticate: authenticate as never })

/** One of each kind that only admins see, and one that everybody sees. */
const secretive = (log: Array<string> = []) =>
  server(info("child"))
    .add(
      sayTool("secret", "secret").pipe(admins),
      sayTool("open", "open"),
      prompt({ name: "hidden", args: { a: v.string() }, complete: { a: () => ["x"] } }, () => "hidden").pipe(admins),
      sayPrompt("plain", "plain"),
      sayResource("x://secret", "secret").pipe(admins),
      sayResource("x://open", "open"),
      sayResource("s://{id}", "secret", { complete: { id: () => ["y"] } }).pipe(admins),
      sayResource("o://{id}", "open")
    )
    .use(
      middleware({
        request: (next, { method, name }) => {
          log.push(`${method} ${name}`)
          return next
        }
      })
    )

describe.each(eras)("what only some callers may see, on %s", (_, userOf) => {
  const places = {
    "on a server": ["", "", (child: AnyServer) => child],
    "through mounts": ["a_b_", "a/b/", (child: any) => main().mount("a", server(info("mid")).mount("b", child))],
    "renamed and suffixed": [
      "m_",
      "m_2/",
      (child: any) =>
        main()
          .mount("m", server(info("other")).add(sayResource("x://open", "other")))
          .mount("m", child, { collisions: "suffix", rename: {} })
    ],
    "behind a transform": ["", "", (child: any) => child.transform(transform("same", (all) => all.map((one) => one)))]
  } as const

  it.each(Object.entries(places))("%s, is there for them", async (_, [ns, path, around]) => {
    await using peer = await peerOf(around(secretive()) as AnyServer)
    const ann = await userOf(peer, "ann")
    const lists = await listsOf(ann)
    expect(lists.tools).toEqual([`${ns}secret`, `${ns}open`])
    expect(lists.prompts).toEqual([`${ns}hidden`, `${ns}plain`])
    expect(lists.resources.filter((uri) => uri.startsWith(`x://${path}`))).toContain(`x://${path}secret`)
    expect(lists.templates).toEqual([`s://${path}{id}`, `o://${path}{id}`])
    expect((await ann.request("tools/call", { name: `${ns}secret` })).result.content[0].text).toBe("secret")
    const got = await ann.request("prompts/get", { name: `${ns}hidden`, arguments: { a: "x" } })
    expect(got.result.messages[0].content.text).toBe("hidden")
    expect(await read(ann, `x://${path}secret`)).toBe("secret")
    expect(await read(ann, `s://${path}1`)).toBe("secret")
    for (const [ref, name, values] of [
      [{ type: "ref/prompt", name: `${ns}hidden` }, "a", ["x"]],
      [{ type: "ref/resource", uri: `s://${path}{id}` }, "id", ["y"]]
    ] as const) {
      const { result } = await ann.request("completion/complete", { ref, argument: { name, value: "" } })
      expect(result.completion.values).toEqual(values)
    }
    expect(await ann.follow(`x://${path}secret`)).toBe(true)
    expect(await ann.follow(`s://${path}1`)).toBe(true)
  })

  it.each(Object.entries(places))(
    "%s, does not exist for others: no hook runs, and it is worded so",
    async (_, place) => {
      const [ns, path, around] = place
      const log: Array<string> = []
      await using peer = await peerOf(around(secretive(log)) as AnyServer)
      const bob = await userOf(peer, "bob")
      const lists = await listsOf(bob)
      expect(lists.tools).toEqual([`${ns}open`])
      expect(lists.prompts).toEqual([`${ns}plain`])
      expect(lists.resources).toContain(`x://${path}open`)
      expect(lists.resources).not.toContain(`x://${path}secret`)
      expect(lists.templates).toEqual([`o://${path}{id}`])
      log.length = 0
      /** The answer for a name that is hidden is that for one that never was. */
      const same = async (method: string, paramsOf: (name: string) => object, hidden: string) => {
        const never = hidden.replace(/secret|hidden|s:\/\//, (found) => (found === "s://" ? "n://" : "nobody"))
        const [one, other] = [await bob.request(method, paramsOf(hidden)), await bob.request(method, paramsOf(never))]
        expect(one.error).toBeDefined()
        expect(JSON.stringify(one.error)).toBe(JSON.stringify(other.error).replaceAll(never, hidden))
      }
      await same("tools/call", (name) => ({ name }), `${ns}secret`)
      await same("tools/call", (name) => ({ name, _meta: { "mcpipe/version": "1" } }), `${ns}secret`)
      await same("prompts/get", (name) => ({ name, arguments: { a: "x" } }), `${ns}hidden`)
      for (const uri of [`x://${path}secret`, `s://${path}1`]) await same("resources/read", (uri) => ({ uri }), uri)
      const argument = { name: "a", value: "" }
      await same("completion/complete", (name) => ({ ref: { type: "ref/prompt", name }, argument }), `${ns}hidden`)
      await same("completion/complete", (uri) => ({ ref: { type: "ref/resource", uri }, argument }), `s://${path}{id}`)
      expect(await bob.follow(`x://${path}secret`)).toBe(false)
      expect(await bob.follow(`s://${path}1`)).toBe(false)
      expect(log.filter((line) => /secret|hidden|s:\/\//.test(line))).toEqual([])
      // what is there for all of them is
      expect((await bob.request("tools/call", { name: `${ns}open` })).result.content[0].text).toBe("open")
      expect(await bob.follow(`x://${path}open`)).toBe(true)
    }
  )

  it("does not stand before what others may see: a hidden template, or a hidden resource in a family", async () => {
    const served = main().add(
      sayResource("d://special", "hidden one").pipe(admins),
      sayResource("d://s{rest}", "hidden family").pipe(admins),
      sayResource("d://{id}", "everybody's")
    )
    await using peer = await peerOf(served)
    const [ann, bob] = [await userOf(peer, "ann"), await userOf(peer, "bob")]
    expect([await read(ann, "d://special"), await read(ann, "d://some")]).toEqual(["hidden one", "hidden family"])
    expect([await read(bob, "d://special"), await read(bob, "d://some")]).toEqual(["everybody's", "everybody's"])
    expect(await bob.follow("d://special")).toBe(true)
  })

  it("is listed page by page for each caller, each with cursors of their own", async () => {
    const tools = Array.from({ length: 7 }, (_, n) => sayTool(`t${n}`, "x")).map((one, n) =>
      n % 2 === 0 ? one.pipe(admins) : one
    )
    await using peer = await peerOf(main({ pageSize: 2 }).add(...tools))
    const [ann, bob] = [await userOf(peer, "ann"), await userOf(peer, "bob")]
    expect((await listsOf(ann)).tools).toEqual(["t0", "t1", "t2", "t3", "t4", "t5", "t6"])
    expect((await listsOf(bob)).tools).toEqual(["t1", "t3", "t5"])
    const page = await bob.request("tools/list", {})
    expect(page.result.tools.map(({ name }: any) => name)).toEqual(["t1", "t3"])
    const { cursor, rest } = { cursor: page.result.nextCursor, rest: ["t5"] }
    expect((await bob.request("tools/list", { cursor })).result.tools.map(({ name }: any) => name)).toEqual(rest)
  })

  it("depends on all predicates, and on what the client says of itself", async () => {
    const asked: Array<unknown> = []
    const both = sayTool("both", "x").pipe(
      visibleTo(({ principal }) => principal.id !== "bob"),
      visibleTo(({ client }) => {
        asked.push(client.info)
        return client.info !== undefined
      })
    )
    await using peer = await peerOf(main().add(both, sayTool("open", "open")))
    expect((await listsOf(await userOf(peer, "bob"))).tools).toEqual(["open"])
    expect((await listsOf(await userOf(peer, "eve"))).tools).toEqual(["both", "open"])
    expect(asked).not.toContain(undefined)
  })

  it("list hooks see what their caller may see", async () => {
    const seen: Array<ReadonlyArray<string>> = []
    const hook = middleware({
      *listTools(next, call) {
        const items = yield* next(call)
        seen.push(items.map(({ name }) => name))
        return items
      }
    })
    await using peer = await peerOf(main().mount("m", secretive().use(hook)))
    await listsOf(await userOf(peer, "bob"))
    await listsOf(await userOf(peer, "ann"))
    expect(seen).toEqual([["open"], ["secret", "open"]])
  })
})

it("a predicate that throws fails the request, and nothing is shown", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {})
  const odd = visibleTo(() => {
    throw new Error("secret reason")
  })
  await using wire = await connectWire(main().add(sayTool("t", "t").pipe(odd), sayTool("u", "u")))
  for (const answer of [await wire.request("tools/list"), await wire.request("tools/call", { name: "t" })]) {
    expect(answer.error.message).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
  }
  expect(await wire.text("u")).toBe("u")
  vi.restoreAllMocks()
})

it.each<[string, () => unknown]>([
  ["a promise, which is true of everybody", async () => false],
  ["a promise that rejects", async () => Promise.reject(new Error("secret reason"))],
  ["nothing", () => undefined],
  ["a text", () => "no"]
])("a predicate that gives %s shows nothing either", async (_, gives) => {
  vi.spyOn(console, "error").mockImplementation(() => {})
  const odd = sayTool("t", "t").pipe(visibleTo(gives as never))
  const twice = sayTool("t", "t").pipe(
    visibleTo(() => true),
    visibleTo(gives as never)
  )
  const transformed = transformTool(sayTool("t", "t"), { visible: gives as never })
  for (const one of [odd, twice, transformed]) {
    await using wire = await connectWire(main().add(one, sayTool("u", "u")))
    for (const answer of [await wire.request("tools/list"), await wire.request("tools/call", { name: "t" })]) {
      expect(answer.error.message).toMatch(/^Internal error \(reference [0-9a-f]{8}\)$/)
    }
    expect(await wire.text("u")).toBe("u")
  }
  vi.restoreAllMocks()
})

it("a source may bring what only some may see, and they are told", async () => {
  const given = shelf({ kinds: ["tools"] })
  await using peer = await peerOf(main().source(given.source).tool(sayTool("open", "open")))
  const [ann, bob] = [await eras[1]![1](peer, "ann"), await eras[1]![1](peer, "bob")]
  given.put(sayTool("new", "new").pipe(admins))
  await vi.waitFor(async () => expect((await listsOf(ann)).tools).toEqual(["open", "new"]))
  expect((await listsOf(bob)).tools).toEqual(["open"])
})

it("an update of a family reaches those for whom a hidden one does not stand before it", async () => {
  const served = main().add(
    resource({ uri: "d://s{rest}" }, () => "hidden").pipe(visibleTo(() => false)),
    resource({ uri: "d://{id}" }, () => "open"),
    tool({ name: "touch" }, function* () {
      yield* (yield* Changes).resourceUpdated("d://{id}")
    })
  )
  await using wire = await connectWire(served, { speak: "2025-11-25" })
  await wire.request("resources/subscribe", { uri: "d://some" })
  await wire.call("touch")
  const told = await wire.next(({ method }) => method === "notifications/resources/updated")
  expect(told.params.uri).toBe("d://some")
})

describe("what clients may share", () => {
  const refusal = (served: AnyServer): string => {
    try {
      assemble(served as never)
    } catch (error) {
      expect(error).toBeInstanceOf(AssemblyError)
      return (error as Error).message
    }
    return "assembled"
  }
  const open = main({ cache: { ttlMs: 1000, scope: "public" } })

  it("must be the same for all callers, mounted or not", () => {
    const secret = sayTool("secret", "x").pipe(admins)
    expect(refusal(open.tool(secret))).toBe(
      'The tool "secret" is not the same for all callers, but server "main" has cache: { scope: "public" }, so that clients ' +
        'may share its lists. Use the scope "private", or show it to everybody.'
    )
    expect(refusal(open.mount("m", server(info("c")).tool(secret)))).toMatch(/^The tool "m_secret" is not the same/)
    expect(refusal(open.mount("m", server(info("c")).add(secret, sayTool("t", "t")), { except: "secret" }))).toBe(
      "assembled"
    )
    expect(refusal(main({ cache: { ttlMs: 1000, scope: "private" } }).tool(secret))).toBe("assembled")
  })

  it("is no resource that only some may read", () => {
    const shared = resource({ uri: "x://r", cache: { ttlMs: 1, scope: "public" } }, () => "x").pipe(admins)
    expect(refusal(main().resource(shared))).toBe(
      'The resource "x://r" is there for some callers only, but has cache: { scope: "public" }, so that clients may share it. ' +
        'Use the scope "private", or show it to everybody.'
    )
  })
})

it("visibleTo takes a function", () => {
  expect(() => visibleTo("admin" as never)).toThrow(DefinitionError)
  expect(() => visibleTo("admin" as never)).toThrow("visibleTo(…) takes a function of the caller")
})
