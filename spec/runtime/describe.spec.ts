import {
  AssemblyError,
  assemble,
  DefinitionError,
  describe as tell,
  middleware,
  server,
  source,
  tool,
  transform,
  use,
  visibleTo
} from "mcpipe"
import { afterEach, describe, expect, it, vi } from "vitest"
import { info, sayPrompt, sayResource, sayTool } from "../kit/served.ts"
import { shelf } from "../kit/shelf.ts"

const main = () => server(info("main"))
const nothing = middleware({})

afterEach(() => void vi.restoreAllMocks())

describe("describe", () => {
  it("shows what came from where under which name, and what was left out for what", () => {
    const crm = server({ name: "crm", version: "2.1" })
      .add(
        sayTool("find", "1", { version: "1" }),
        sayTool("find", "2", { version: "2" }),
        sayTool("drop", "drop").pipe(visibleTo(() => true)),
        sayTool("secret", "secret"),
        sayPrompt("ask", "ask").pipe(use(nothing)),
        sayResource("crm://{id}", "crm")
      )
      .use(nothing)
    const web = server(info("web")).add(
      sayTool("find", "web"),
      sayTool("get", "web"),
      sayResource("crm://c/{key}", "web")
    )
    const tidy = transform("tidy", (all) => [...all, sayTool("made", "made")])
    const served = main()
      .tool(sayTool("get", "main"))
      .use(nothing)
      .mount("c", crm, { except: "secret", rename: { drop: "remove" }, use: [nothing, nothing], transform: tidy })
      .mount("c", web, { collisions: "suffix" })
      .mount(web, { collisions: "keep", only: ["get", { tag: "x" }, () => true] })
      .mount(server(info("mid")).mount("in", server(info("last")).tool(sayTool("t", "t"))))
    expect(tell(served)).toBe(
      `
server "main" 1.0.0; 1 middleware
  tool get
  server "crm" 2.1, mounted as "c"; except secret; rename drop to remove; 3 middleware; transforms tidy
    tool c_find; at home find; versions 2, 1
    tool c_remove; at home drop; for some callers
    prompt c_ask; at home ask; 1 middleware
    resource crm://c/{id}; at home crm://{id}
    tool c_made; at home made; made by a transform
    not served: tool secret
  server "web" 1.0.0, mounted as "c"; collisions "suffix"
    tool c_find_2; at home find
    tool c_get; at home get
    resource crm://c/c/{key}; at home crm://c/{key}
  server "web" 1.0.0, mounted without a namespace; collisions "keep"; only get, tag x, a function
    tool find
    left out: tool "get" of server "web" mounted as "web"; kept: "get" of server "main"
    left out: resource "crm://c/{key}" of server "web" mounted as "web"; kept: "crm://c/{id}" of server "crm" mounted as "c"
  server "mid" 1.0.0, mounted without a namespace
    server "last" 1.0.0, mounted as "in"
      tool in_t; at home t
`.trim()
    )
  })

  it("shows a server that was transformed as one, and what its transforms took away", () => {
    const gone = transform("gone", (all) => all.filter(({ name }) => name !== "a"))
    const served = main()
      .add(sayTool("a", "a"), sayTool("b", "b"))
      .use(nothing)
      .mount("m", server(info("m")).tool(sayTool("t", "t")))
    expect(tell(served.transform(gone).tool(sayTool("c", "c")).use(nothing))).toBe(
      `
server "main" 1.0.0; 2 middleware; transforms gone
  tool c
  tool b
  not served: tool a
  server "m" 1.0.0, mounted as "m"
    tool m_t; at home t
`.trim()
    )
  })

  it("says which version is served where another server has a higher one", () => {
    const of = (version: string) => server(info(`v${version}`)).tool(sayTool("t", version, { version }))
    expect(tell(main().mount(of("1")).mount(of("2")))).toBe(
      `
server "main" 1.0.0
  server "v1" 1.0.0, mounted without a namespace
    tool t; version 1, served is 2
  server "v2" 1.0.0, mounted without a namespace
    tool t; version 2
`.trim()
    )
  })

  it("has what sources gave by now, once the app runs", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {})
    const given = shelf({ name: "plugins", kinds: ["tools"], holds: [sayTool("a", "a")] })
    const fixed = source({ name: "fixed", load: async () => [sayTool("f", "f")] })
    const child = server(info("child")).source(given.source).source(fixed)
    const app = assemble(main().tool(sayTool("b", "main")).mount(child, { collisions: "keep" }))
    const head =
      'server "main" 1.0.0\n  tool b\n  server "child" 1.0.0, mounted without a namespace; collisions "keep"; sources plugins, fixed'
    expect(tell(app)).toBe(head)
    await app.start()
    expect(tell(app)).toBe(`${head}\n    tool a\n    tool f`)
    given.put(sayTool("b", "b"))
    const left = 'left out: tool "b" of server "child" mounted as "child"; kept: "b" of server "main"'
    await vi.waitFor(() => expect(tell(app)).toBe(`${head}\n    tool f\n    ${left}`))
    await app.dispose()
    expect(tell(app)).toBe(`${head}\n    tool f\n    ${left}`)
  })

  it("starts nothing, and needs no services", () => {
    const started: Array<string> = []
    const lazy = source({
      load: async () => {
        started.push("load")
        return []
      }
    })
    expect(
      tell(
        main()
          .source(lazy)
          .tool(tool({ name: "t" }, () => "t"))
      )
    ).toContain("tool t")
    expect(started).toEqual([])
  })

  it("keeps each thing on its line, whatever it is called", () => {
    const odd = server({ name: "o\nd", version: "1 2" }).add(
      sayPrompt("two\nlines; at home x", "x"),
      sayPrompt("é", "x")
    )
    expect(tell(odd)).toBe('server "o\\nd" "1 2"\n  prompt "two\\nlines; at home x"\n  prompt "é"')
  })

  it("takes a server that can be assembled, or an app", () => {
    expect(() => tell(main().add(sayTool("a", "a"), sayTool("a", "b")))).toThrow(AssemblyError)
    expect(() => tell({} as never)).toThrow(DefinitionError)
    expect(() => tell({} as never)).toThrow("describe(…) takes a server, or an app made by assemble(server).")
  })
})
