import fc from "fast-check"
import { DefinitionError, extension, Layer, middleware, prompt, resource, Server, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { A } from "../kit/services.ts"

const info = { name: "s", version: "1.0.0" }
const t = tool({ name: "t" }, () => 1)
const r = resource({ uri: "x://y" }, () => "r")
const p = prompt({ name: "p" }, () => "p")
const m = middleware((next) => next)
const e = extension({ id: "com.example/e" })
const layer = Layer.succeed(A, { value: "a" })
const child = server({ name: "child", version: "1.0.0" }).tool(t)

/** Everything a server is, without the call sites that no two calls share. */
const shown = (s: AnyServer) => {
  const { components, extensions, middleware: used, layers, mounts } = s["~mcpipe/Server"]
  return {
    info: s.info,
    components,
    extensions,
    used,
    layers: layers.map((provided) => provided.layer),
    mounts: mounts.map(({ namespace, server: mounted }) => [namespace, mounted])
  }
}

type Step = readonly [string, (s: Server) => any, (s: Server) => any]

/** Each builder call beside its `.pipe` form. */
const steps: ReadonlyArray<Step> = [
  ["tool", (s) => s.tool(t), (s) => s.pipe(Server.tool(t))],
  ["resource", (s) => s.resource(r), (s) => s.pipe(Server.resource(r))],
  ["prompt", (s) => s.prompt(p), (s) => s.pipe(Server.prompt(p))],
  ["add", (s) => s.add(t, e, p), (s) => s.pipe(Server.add(t, e, p))],
  ["add nothing", (s) => s.add(), (s) => s.pipe(Server.add())],
  ["use", (s) => s.use(m), (s) => s.pipe(Server.use(m))],
  ["mount", (s) => s.mount("c", child), (s) => s.pipe(Server.mount("c", child))],
  ["provide", (s) => s.provide(layer), (s) => s.pipe(Server.provide(layer))]
]

const someSteps = fc.array(fc.constantFrom(...steps), { maxLength: 12 })

describe("a builder call", () => {
  it("never changes its receiver, however long the pipeline", () => {
    fc.assert(
      fc.property(someSteps, someSteps, (before, after) => {
        const base = before.reduce<Server>((s, [, step]) => step(s), server(info))
        const snapshot = shown(base)
        const copies = Object.fromEntries(
          Object.entries(snapshot).map(([key, value]) => [key, Array.isArray(value) ? [...value] : { ...value }])
        )
        for (const [, step, piped] of after) {
          expect(step(base)).not.toBe(base)
          expect(piped(base)).not.toBe(base)
        }
        after.reduce<Server>((s, [, step]) => step(s), base)
        expect(shown(base)).toEqual(copies)
      })
    )
  })

  it("and its .pipe form make the same server", () => {
    fc.assert(
      fc.property(someSteps, (chosen) => {
        const called = chosen.reduce<Server>((s, [, step]) => step(s), server(info))
        const piped = chosen.reduce<Server>((s, [, , step]) => step(s), server(info))
        expect(shown(piped)).toEqual(shown(called))
      })
    )
  })

  it("has a data-first form as well", () => {
    expect(shown(Server.tool(server(info), t))).toEqual(shown(server(info).tool(t)))
    expect(shown(Server.resource(server(info), r))).toEqual(shown(server(info).resource(r)))
    expect(shown(Server.prompt(server(info), p))).toEqual(shown(server(info).prompt(p)))
    expect(shown(Server.use(server(info), m))).toEqual(shown(server(info).use(m)))
    expect(shown(Server.mount(server(info), "c", child))).toEqual(shown(server(info).mount("c", child)))
    expect(shown(Server.provide(server(info), layer))).toEqual(shown(server(info).provide(layer)))
  })

  it("gives a value that cannot be changed from outside", () => {
    const s: any = server(info).tool(t)
    for (const change of [
      () => {
        s.info = {}
      },
      () => {
        s.info.name = "other"
      },
      () => {
        s["~mcpipe/Server"].components = []
      }
    ]) {
      expect(change).toThrow(TypeError)
    }
    const options = { ...info, name: "mine" }
    const made = server(options)
    options.name = "other"
    expect(made.info.name).toBe("mine")
  })

  it("prints as its name and version", () => {
    expect(JSON.stringify(server(info).tool(t))).toBe('{"_id":"Server","name":"s","version":"1.0.0"}')
  })
})

describe("a server cannot be made", () => {
  it.each<[string, () => unknown, string]>([
    [
      "without a name",
      () => server({ version: "1" } as never),
      "server: name is undefined; give it a non-empty string."
    ],
    [
      "with a blank name",
      () => server({ name: " ", version: "1" }),
      'server: name is " "; give it a non-empty string.'
    ],
    [
      "without a version",
      () => server({ name: "s" } as never),
      "server: version is undefined; give it a non-empty string."
    ],
    [
      "with a number as version",
      () => server({ name: "s", version: 1 as never }),
      "server: version is 1; give it a non-empty string."
    ],
    ["with pages of 0", () => server({ ...info, pageSize: 0 }), 'server "s": pageSize is 0; use a whole number ≥ 1.'],
    [
      "with pages of 1.5",
      () => server({ ...info, pageSize: 1.5 }),
      'server "s": pageSize is 1.5; use a whole number ≥ 1.'
    ],
    [
      "with a negative ttlMs",
      () => server({ ...info, cache: { ttlMs: -1 } }),
      'server "s": cache.ttlMs is -1; it must be a whole number of milliseconds ≥ 0.'
    ],
    [
      "with an unknown cache scope",
      () => server({ ...info, cache: { ttlMs: 0, scope: "shared" as never } }),
      'server "s": cache.scope is "shared"; use "public" or "private".'
    ],
    [
      "with a resource as tool",
      () => server(info).tool(r as never),
      'server "s".tool(…) takes a tool: make one with tool(options, handler).'
    ],
    [
      "with a tool as resource",
      () => server(info).resource(t as never),
      'server "s".resource(…) takes a resource: make one with resource(options, handler).'
    ],
    [
      "with a plain object as prompt",
      () => server(info).prompt({ name: "p" } as never),
      'server "s".prompt(…) takes a prompt: make one with prompt(options, handler).'
    ],
    [
      "with a server among its components",
      () => server(info).add(t, child as never),
      'server "s".add(…): argument 2 is not a tool, resource, prompt or extension.'
    ],
    [
      "with bare hooks as middleware",
      () => server(info).use({ request: (next: unknown) => next } as never),
      'server "s".use(…) takes a middleware: wrap hooks in middleware({ … }).'
    ],
    [
      "with a tool as mount",
      () => server(info).mount("x", t as never),
      'server "s".mount("x", …) takes a server, with or without a namespace before it.'
    ],
    [
      "with a mount whose name holds a slash",
      () => server(info).mount("a/b", child),
      'server "s".mount("a/b", …): a namespace is 1 to 64 letters, digits, ".", "_" and "-", such as "crm".'
    ]
  ])("%s", (_, make, message) => {
    expect(make).toThrow(new DefinitionError(message))
  })

  it.each([undefined, null, {}, A, { value: "a" }])("with what is no layer provided (%#)", (given) => {
    expect(() => server(info).provide(given as never)).toThrow(DefinitionError)
    expect(() => server(info).provide(given as never)).toThrow(/^server "s"\.provide\(…\) takes a layer/)
  })
})
