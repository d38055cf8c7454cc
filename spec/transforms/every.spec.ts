import { server, type Transform } from "mcpipe"
import { concurrencyLimit, rateLimit } from "mcpipe/middleware"
import {
  dereference,
  describe as describing,
  except,
  filter,
  namespace,
  promptsAsTools,
  redactFields,
  rename,
  resourcesAsTools,
  toolSearch,
  transformTool,
  transformTools,
  versions
} from "mcpipe/transforms"
import { transform } from "mcpipe"
import { describe, expect, it } from "vitest"
import { answered, cancel, type Made, probes, textIn, until } from "../kit/probes.ts"
import { info, spoken } from "../kit/served.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

type Probe = "echo" | "hang" | "wait" | "ask"

/** One transform, and how clients reach what is behind it where that is mounted under `at`. */
interface Case {
  readonly made: () => Transform<any>
  readonly call: (at: string, probe: Probe, text?: string) => Made
}

const byName =
  (nameOf: (probe: Probe) => string) =>
  (at: string, probe: Probe, text?: string): Made => [
    "tools/call",
    { name: `${at}${nameOf(probe)}`, arguments: text === undefined ? {} : { text } }
  ]

const plain = byName((probe) => probe)
const prompts = { echo: "say", hang: "stay", wait: "stay", ask: "query" } as const
const uriOf = (at: string, probe: Probe, text?: string) => {
  const path = { echo: `echo/${text}`, hang: "hang", wait: "hang", ask: "ask" }[probe]
  return `do://${at.replaceAll("_", "/")}${path}`
}

const one = (name: string, options: object) =>
  transform("one", (all) => all.map((each: any) => (each.name === name ? transformTool(each, options as never) : each)))

const cases: Readonly<Record<string, Case>> = {
  "transformTool (mapInput, mapOutput)": {
    made: () =>
      transform("all", (all) =>
        all.map((each: any) =>
          each["~mcpipe/Component"].type !== "tool"
            ? each
            : transformTool(each, {
                name: `my_${each.name}`,
                mapInput: async (args: any) => args,
                mapOutput: (given: any) => given,
                description: () => "for you"
              } as never)
        )
      ),
    call: byName((probe) => `my_${probe}`)
  },
  "transformTool (arguments)": {
    made: () => one("echo", { arguments: { text: { name: "text", description: "Said" } }, omit: ["secret"] }),
    call: plain
  },
  transformTools: {
    made: () =>
      transformTools({
        echo: { name: "echo2", pick: ["text"] },
        hang: { name: "hang2", mapOutput: async (given: any) => given },
        wait: { name: "wait2", mapInput: (args: any) => args },
        ask: { name: "ask2", omit: ["secret"] }
      }),
    call: byName((probe) => `${probe}2`)
  },
  namespace: { made: () => namespace("ns"), call: (at, probe, text) => plain(`${at}ns_`, probe, text) },
  "namespace, of resources": {
    made: () => namespace("ns"),
    call: (at, probe, text) => ["resources/read", { uri: uriOf(`${at}ns_`, probe, text) }]
  },
  rename: {
    made: () => rename({ echo: "e", hang: "h", wait: "w", ask: "a" }),
    call: byName((probe) => probe[0]!)
  },
  "rename, of prompts": {
    made: () => rename({ say: "e", stay: "h", query: "a" }),
    call: (at, probe, text) => {
      const name = `${at}${probe === "wait" ? "h" : probe[0]}`
      return ["prompts/get", { name, arguments: text === undefined ? {} : { text } }]
    }
  },
  filter: { made: () => filter(["echo", "hang", "wait", "as*"]), call: plain },
  except: { made: () => except("say"), call: plain },
  describe: { made: () => describing({ echo: "Says it", hang: async () => "Hangs", "do://ask": "Asks" }), call: plain },
  redactFields: { made: () => redactFields(["**.secret"]), call: plain },
  promptsAsTools: {
    made: () => promptsAsTools(),
    call: (at, probe, text) => {
      const args = { name: prompts[probe], ...(text === undefined ? {} : { arguments: { text } }) }
      return ["tools/call", { name: `${at}get_prompt`, arguments: args }]
    }
  },
  resourcesAsTools: {
    made: () => resourcesAsTools(),
    call: (at, probe, text) => [
      "tools/call",
      { name: `${at}read_resource`, arguments: { uri: uriOf(at, probe, text) } }
    ]
  },
  toolSearch: {
    made: () => toolSearch(),
    call: (at, probe, text) => {
      const args = { name: probe, ...(text === undefined ? {} : { arguments: { text } }) }
      return ["tools/call", { name: `${at}call_tool`, arguments: args }]
    }
  },
  "toolSearch (regex)": {
    made: () => toolSearch({ strategy: "regex", alwaysVisible: "ask" }),
    call: (at, probe, text) => {
      if (probe === "ask") return plain(at, probe)
      const args = { name: probe, ...(text === undefined ? {} : { arguments: { text } }) }
      return ["tools/call", { name: `${at}call_tool`, arguments: args }]
    }
  },
  dereference: { made: () => dereference(), call: plain },
  versions: { made: () => versions({ gte: "1" }), call: plain }
}

/** A server behind one transform: by itself, or mounted twice. */
const places = {
  "by itself": { at: [""], serve: (behind: any) => behind },
  "mounted twice": {
    at: ["a_", "b_"],
    serve: (behind: any) => server(info("root")).mount("a", behind).mount("b", behind)
  },
  "two mounts deep": {
    at: ["a_b_"],
    serve: (behind: any) => server(info("root")).mount("a", server(info("middle")).mount("b", behind))
  }
} as const

const huge = "x".repeat(1_500_000)

describe.each(spoken)("on %s", (speak) => {
  const connected = (served: any) => connectWire(served, { speak, capabilities: { elicitation: { form: {} } } })

  describe.each(Object.entries(places))("%s", (_, { at, serve }) => {
    describe.each(Object.entries(cases))("what is behind %s", (_, { made, call }) => {
      const ask = (wire: Wire, where: string, probe: Probe, text?: string) => answered(wire, call(where, probe, text))

      it("takes and gives more than a megabyte", async () => {
        const { components, seen } = probes()
        await using wire = await connected(
          serve(
            server(info("s"))
              .add(...components)
              .transform(made())
          )
        )
        for (const where of at) {
          const text = textIn(await ask(wire, where, "echo", huge))
          // a report of it would be as long
          expect(text === huge, text?.slice(0, 200)).toBe(true)
        }
        expect(seen.done).toEqual(at.map(() => "echo"))
      })

      it("asks over several rounds, and is counted once by what stands inside and outside", async () => {
        const { components, seen } = probes()
        const behind = server(info("s"))
          .add(...components)
          .use(rateLimit({ perMinute: at.length }))
          .transform(made())
          .use(rateLimit({ perMinute: at.length }))
        await using wire = await connected(serve(behind))
        for (const where of at) expect(textIn(await ask(wire, where, "ask"))).toBe("true true")
        for (const where of at)
          expect(textIn(await ask(wire, where, "echo", "x"))).toMatch(/^Rate limit of . per minute/)
        expect(seen.done).toEqual(at.map(() => "ask"))
      })

      it("is given up with the call of a client, finalizers run, and its place is free again", async () => {
        const { components, seen, begins } = probes()
        const behind = server(info("s"))
          .add(...components)
          .use(concurrencyLimit({ max: 1 }))
          .transform(made())
          .use(concurrencyLimit({ max: 1 }))
        await using wire = await connected(serve(behind))
        for (const where of at) {
          for (const probe of ["hang", "wait"] as const) {
            seen.stopped.length = 0
            const params = call(where, probe)
            void wire.request(...params)
            const id = wire.lastId()
            await begins()
            cancel(wire)
            const ends = probe === "hang" || JSON.stringify(params).includes("hang") ? ["interrupted"] : undefined
            await until(() => seen.stopped.length === (ends?.length ?? (seen.stopped.includes("interrupted") ? 1 : 2)))
            if (!seen.stopped.includes("interrupted")) expect([...seen.stopped].sort()).toEqual(["aborted", "deferred"])
            expect(textIn(await ask(wire, where, "echo", "free"))).toBe("free")
            expect(wire.received.filter((message) => message.id === id && message.method === undefined)).toEqual([])
          }
        }
      })
    })
  })
})
