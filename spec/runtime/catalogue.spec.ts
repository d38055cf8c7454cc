import {
  AssemblyError,
  annotation,
  assemble,
  Content,
  DefinitionError,
  extension,
  method,
  prompt,
  Prompt,
  Resource,
  resource,
  server,
  tool
} from "mcpipe"
import { describe, expect, it } from "vitest"
import type { AnyServer } from "../../lib/builder/server.ts"
import { connectWire } from "../kit/wire.ts"

const info = (name: string) => ({ name, version: "1.0.0" })
const named = (name: string) => tool({ name }, () => name)
const at = (uri: string) => resource({ uri: uri as "x://{a}" }, () => uri)
const child = server(info("child")).add(
  named("c"),
  at("x://y"),
  prompt({ name: "p" }, () => "p")
)

const refusal = (s: AnyServer): string => {
  try {
    assemble(s as never)
  } catch (error) {
    expect(error).toBeInstanceOf(AssemblyError)
    return (error as Error).message
  }
  throw new Error("assembled")
}

const elsewhere =
  "Rename one of them, mount its server under another namespace, or say what shall happen with the option " +
  'collisions: "suffix", "keep" or "replace" of its mount.'

describe("two components under one name", () => {
  it.each<[string, AnyServer, string]>([
    [
      "tools of one server",
      server(info("s")).add(named("a"), named("a")),
      'Two tools are called "a"; both are in server "s". Rename or remove one of them.'
    ],
    [
      "the same tool twice",
      server(info("s")).mount("x", server(info("t")).tool(named("a")).tool(named("a"))),
      'Two tools are called "x_a"; both are in server "t" mounted as "x". Rename or remove one of them.'
    ],
    [
      "prompts",
      server(info("s")).add(
        prompt({ name: "p" }, () => "1"),
        prompt({ name: "p" }, () => "2")
      ),
      'Two prompts are called "p"; both are in server "s". Rename or remove one of them.'
    ],
    [
      "static resources",
      server(info("s")).add(at("x://y"), at("x://y")),
      'Two resources have the URI "x://y"; both are in server "s". Rename or remove one of them.'
    ],
    [
      "templates whose variables differ in name alone",
      server(info("s")).add(at("x://{a}"), at("x://{b}")),
      'The resource templates "x://{a}" and "x://{b}" match the same URIs with equal precedence; both are in server "s". Rename or remove one of them.'
    ],
    [
      "a tool and one mounted",
      server(info("s")).tool(named("x_c")).mount("x", child),
      `Two tools are called "x_c"; one is in server "s", the other in server "child" mounted as "x". ${elsewhere}`
    ],
    [
      "two mounts whose names run together",
      server(info("s"))
        .mount("a_b", server(info("one")).tool(named("c")))
        .mount("a", server(info("two")).tool(named("b_c"))),
      `Two tools are called "a_b_c"; one is in server "one" mounted as "a_b", the other in server "two" mounted as "a". ${elsewhere}`
    ],
    [
      "a mount deep below",
      server(info("s"))
        .tool(named("m_x_c"))
        .mount("m", server(info("m")).mount("x", child)),
      `Two tools are called "m_x_c"; one is in server "s", the other in server "child" mounted as "m/x". ${elsewhere}`
    ]
  ])("(%s) are refused, with where both come from", (_, s, message) => {
    expect(refusal(s)).toBe(message)
  })

  it("are all told at once", () => {
    const lines = refusal(server(info("s")).mount("x", child).mount("x", child)).split("\n")
    expect(lines).toEqual([
      `Two tools are called "x_c"; one is in server "child" mounted as "x", the other in server "child" mounted as "x". ${elsewhere}`,
      `Two resources have the URI "x://x/y"; one is in server "child" mounted as "x", the other in server "child" mounted as "x". ${elsewhere}`,
      `Two prompts are called "x_p"; one is in server "child" mounted as "x", the other in server "child" mounted as "x". ${elsewhere}`
    ])
  })

  it("are welcome where one is a tool and the other a prompt, and a template beside a static resource", async () => {
    const s = server(info("s")).add(
      named("a"),
      prompt({ name: "a" }, () => "p"),
      at("x://{id}"),
      at("x://me")
    )
    await using wire = await connectWire(s)
    expect((await wire.request("resources/read", { uri: "x://me" })).result.contents[0].text).toBe("x://me")
    expect((await wire.request("resources/read", { uri: "x://you" })).result.contents[0].text).toBe("x://{id}")
  })
})

describe("a server mounted twice", () => {
  it("works under both names, and inside itself", async () => {
    const nested = server(info("nested")).add(named("own")).mount("in", child)
    await using wire = await connectWire(server(info("s")).mount("a", nested).mount("b", nested).mount("c", child))
    for (const name of ["a_own", "b_own"]) expect(await wire.text(name)).toBe("own")
    for (const name of ["a_in_c", "b_in_c", "c_c"]) expect(await wire.text(name)).toBe("c")
    for (const uri of ["x://a/in/y", "x://b/in/y", "x://c/y"]) {
      expect((await wire.request("resources/read", { uri })).result.contents[0]).toMatchObject({ uri, text: "x://y" })
    }
  })

  it("keeps references pointing at where it is mounted", async () => {
    const linked = server(info("linked"))
      .add(at("x://y"), at("x://{id}"))
      .tool(tool({ name: "t" }, () => Content.link(Resource.ref("x://1"))))
      .prompt(prompt({ name: "p" }, () => Prompt.user(Content.link(Resource.ref("x://2")))))
      .resource(resource({ uri: "r://r" }, () => Resource.text("3", { uri: Resource.ref("x://3") })))
    const s = server(info("s"))
      .mount("m", server(info("m")).mount("a", linked))
      .mount("b", linked)
    await using wire = await connectWire(s)
    for (const [name, path] of [
      ["m_a", "m/a"],
      ["b", "b"]
    ]) {
      expect((await wire.call(`${name}_t`)).content[0].uri).toBe(`x://${path}/1`)
      const prompted = await wire.request("prompts/get", { name: `${name}_p` })
      expect(prompted.result.messages[0].content.uri).toBe(`x://${path}/2`)
      const read = await wire.request("resources/read", { uri: `r://${path}/r` })
      expect(read.result.contents[0].uri).toBe(`x://${path}/3`)
    }
  })

  it("keeps its components' annotations, which clients never see", async () => {
    const price = annotation<number>("spec/price")
    const priced = named("c").pipe(price.set(5))
    const app = assemble(server(info("s")).mount("a", server(info("m")).tool(priced)))
    const running = await app["~mcpipe/App"].running()
    expect(price.get(running.catalogue().tools.get("a_c")!.component)).toBe(5)
    await using wire = await connectWire(app)
    expect(JSON.stringify(await wire.request("tools/list"))).not.toContain("price")
    await app.dispose()
  })
})

describe("names that cannot be mounted", () => {
  it.each(["", " ", "a b", "a/b", "-a", ".a", "_a", "ä", "a".repeat(65), "a{b}", "a:b", undefined, null, 5])(
    "(%j) are refused where they are written",
    (namespace) => {
      expect(() => server(info("s")).mount(namespace as string, child)).toThrow(
        new DefinitionError(
          `server "s".mount(${JSON.stringify(namespace)}, …): a namespace is 1 to 64 letters, digits, ".", "_" and "-", such as "crm".`
        )
      )
    }
  )

  it("because they grow too long are refused with both ways out", () => {
    const name = "t".repeat(120)
    const s = server(info("s")).mount("namespace", server(info("c")).tool(named(name)))
    expect(refusal(s)).toBe(
      `The tool "namespace_${name}" in server "c" mounted as "namespace" has a name of 130 characters; at most 128 are allowed, namespaces included. Shorten a namespace or the tool's name.`
    )
  })

  it.each(["a", "A1", "crm", "a.b", "a-b", "a_b", "1", "a".repeat(64)])("(%s) are none of these", async (namespace) => {
    await using wire = await connectWire(server(info("s")).mount(namespace, child))
    expect(await wire.text(`${namespace}_c`)).toBe("c")
    expect((await wire.request("resources/read", { uri: `x://${namespace}/y` })).result.contents[0].text).toBe("x://y")
  })
})

describe("two extensions", () => {
  const one = extension({ id: "com.example/one", methods: { "one/a": method({}, () => ({})) } })
  it("with one id or one method are refused, with where both come from", () => {
    const again = extension({ id: "com.example/one" })
    const other = extension({ id: "com.example/two", methods: { "one/a": method({}, () => ({})) } })
    const fix = "Remove one of them, or add the same extension value to both."
    expect(refusal(server(info("s")).add(one, again))).toBe(
      `Two extensions have the id "com.example/one": one in server "s", one in server "s". ${fix}`
    )
    expect(
      refusal(
        server(info("s"))
          .add(one)
          .mount("x", server(info("c")).add(other))
      )
    ).toBe(`Two extensions have the method "one/a": one in server "s", one in server "c" mounted as "x". ${fix}`)
  })

  it("that are one value are one", () => {
    const c = server(info("c")).add(one)
    expect(() => assemble(server(info("s")).add(one).mount("a", c).mount("b", c))).not.toThrow()
  })
})
