import { assemble, server } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { info, refusal, sayResource, sayTool, saying, spoken, withAll } from "../kit/served.ts"
import { shelf } from "../kit/shelf.ts"

const main = () => server(info("main"))

let logged: Array<string>
beforeEach(() => {
  logged = []
  vi.spyOn(console, "error").mockImplementation((...args) => void logged.push(args.join(" ")))
})
afterEach(() => void vi.restoreAllMocks())

describe.each(spoken)("on %s", (speak) => {
  describe("two mounted servers with the same names", () => {
    const pairs = { "without a namespace": [undefined, "x://"], "under one namespace": ["ns", "x://ns/"] } as const

    it.each(Object.entries(pairs))("%s: suffix serves the later one under other names", async (_, [namespace]) => {
      const mounted = (name: string, target: any, options: object = {}): any =>
        namespace === undefined ? target.mount(withAll(name), options) : target.mount(namespace, withAll(name), options)
      const both = mounted("c", mounted("b", mounted("a", main()), { collisions: "suffix" }), { collisions: "suffix" })
      const ns = namespace === undefined ? "" : "ns_"
      const [first, second, third] = namespace === undefined ? ["", "b/", "c/"] : ["ns/", "ns_2/", "ns_3/"]
      expect(await saying(both, speak)).toEqual({
        [`tool ${ns}t`]: "a",
        [`tool ${ns}t_2`]: "b",
        [`tool ${ns}t_3`]: "c",
        [`prompt ${ns}p`]: "a",
        [`prompt ${ns}p_2`]: "b",
        [`prompt ${ns}p_3`]: "c",
        [`resource x://${first}r`]: "a",
        [`resource x://${second}r`]: "b",
        [`resource x://${third}r`]: "c",
        [`resource x://${first}d/{id}`]: "a",
        [`resource x://${second}d/{id}`]: "b",
        [`resource x://${third}d/{id}`]: "c"
      })
    })

    it.each(Object.entries(pairs))("%s: keep serves the earlier one, replace the later", async (_, [namespace, at]) => {
      const both = (collisions: "keep" | "replace"): any =>
        namespace === undefined
          ? main().mount(withAll("a")).mount(withAll("b"), { collisions })
          : main().mount(namespace, withAll("a")).mount(namespace, withAll("b"), { collisions })
      const ns = namespace === undefined ? "" : "ns_"
      const all = (says: string) => ({
        [`tool ${ns}t`]: says,
        [`prompt ${ns}p`]: says,
        [`resource ${at}r`]: says,
        [`resource ${at}d/{id}`]: says
      })
      expect(await saying(both("keep"), speak)).toEqual(all("a"))
      expect(await saying(both("replace"), speak)).toEqual(all("b"))
    })

    it("what the parent has itself comes first, wherever it is added", async () => {
      const child = server(info("child")).add(sayTool("t", "child"), sayTool("u", "child"))
      const own = sayTool("t", "main")
      expect(await saying(main().mount(child, { collisions: "keep" }).tool(own), speak)).toEqual({
        "tool t": "main",
        "tool u": "child"
      })
      expect(await saying(main().tool(own).mount(child, { collisions: "replace" }), speak)).toEqual({
        "tool t": "child",
        "tool u": "child"
      })
      expect(await saying(main().mount(child, { collisions: "suffix" }).tool(own), speak)).toEqual({
        "tool t": "main",
        "tool t_2": "child",
        "tool u": "child"
      })
    })

    it("a suffix passes over names that are taken, and never takes one of its own server", async () => {
      const child = server(info("child")).add(sayTool("t", "c t"), sayTool("t_3", "c t_3"))
      const parent = main().add(sayTool("t", "m t"), sayTool("t_2", "m t_2"))
      expect(await saying(parent.mount(child, { collisions: "suffix" }), speak)).toEqual({
        "tool t": "m t",
        "tool t_2": "m t_2",
        "tool t_4": "c t",
        "tool t_3": "c t_3"
      })
    })

    it("templates that match the same URIs collide too, one with several of them", async () => {
      // each has as many literal characters as the others
      const mine = main().add(sayResource("u://{x}a", "one"), sayResource("u://{x}b", "two"))
      const clash = server(info("clash")).add(sayResource("u://c{y}", "three"))
      expect(refusal(() => mine.mount(clash))).toBe(
        'The resource templates "u://{x}a" and "u://c{y}" match the same URIs with equal precedence; ' +
          'one is in server "main", the other in server "clash" mounted as "clash". Rename one of them, mount its ' +
          "server under another namespace, or say what shall happen with the option " +
          'collisions: "suffix", "keep" or "replace" of its mount.'
      )
      expect(await saying(mine.mount(clash, { collisions: "replace" }), speak)).toEqual({
        "resource u://c{y}": "three"
      })
      expect(await saying(mine.mount(clash, { collisions: "keep" }), speak)).toEqual({
        "resource u://{x}a": "one",
        "resource u://{x}b": "two"
      })
      expect(await saying(mine.mount(clash, { collisions: "suffix" }), speak)).toEqual({
        "resource u://{x}a": "one",
        "resource u://{x}b": "two",
        "resource u://clash/c{y}": "three"
      })
    })

    it("the same server mounted twice has everything twice", async () => {
      const child = withAll("child")
      expect(await saying(main().mount("a", child).mount("b", child), speak)).toEqual({
        "tool a_t": "child",
        "tool b_t": "child",
        "prompt a_p": "child",
        "prompt b_p": "child",
        "resource x://a/r": "child",
        "resource x://b/r": "child",
        "resource x://a/d/{id}": "child",
        "resource x://b/d/{id}": "child"
      })
      expect(await saying(main().mount(child).mount(child, { collisions: "suffix" }), speak)).toMatchObject({
        "tool t": "child",
        "tool t_2": "child",
        "resource x://child/r": "child"
      })
    })

    it("policies hold at every level", async () => {
      const inner = server(info("inner")).mount("k", withAll("a")).mount("k", withAll("b"), { collisions: "suffix" })
      const outer = main().mount("o", inner).mount("o", inner, { collisions: "suffix" })
      expect(await saying(outer, speak)).toEqual({
        "tool o_k_t": "a",
        "tool o_k_t_2": "b",
        "tool o_k_t_3": "a",
        "tool o_k_t_2_2": "b",
        "prompt o_k_p": "a",
        "prompt o_k_p_2": "b",
        "prompt o_k_p_3": "a",
        "prompt o_k_p_2_2": "b",
        "resource x://o/k/r": "a",
        "resource x://o/k_2/r": "b",
        "resource x://o_2/k/r": "a",
        "resource x://o_2/k_2/r": "b",
        "resource x://o/k/d/{id}": "a",
        "resource x://o/k_2/d/{id}": "b",
        "resource x://o_2/k/d/{id}": "a",
        "resource x://o_2/k_2/d/{id}": "b"
      })
    })

    it("versions of one name move together, and another version is no collision", async () => {
      const child = server(info("child")).add(
        sayTool("t", "c1", { version: "1" }),
        sayTool("t", "c2", { version: "2" })
      )
      const one = main().tool(sayTool("t", "m1", { version: "1" }))
      expect(await saying(one.mount(child, { collisions: "suffix" }), speak)).toEqual({
        "tool t": "m1",
        "tool t_2": "c2"
      })
      const three = main().tool(sayTool("t", "m3", { version: "3" }))
      expect(await saying(three.mount(child), speak)).toEqual({ "tool t": "m3" })
    })
  })
})

describe("what a policy leaves out", () => {
  const from = (name: string, source?: ReturnType<typeof shelf>) => {
    const s = server(info(name)).tool(sayTool("t", name))
    return source === undefined ? s : s.source(source.source)
  }

  it("is logged once when the app starts, with both origins", async () => {
    const app = assemble(
      main().mount("x", server(info("mid")).mount(from("a")).mount(from("b"), { collisions: "keep" }))
    )
    await app.start()
    await app.start()
    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(
      /WARN .*server "main": the collision policies of its mounts leave out components\.\nleft out: tool "x_t" of server "b" mounted as "x\/b"; kept: "x_t" of server "a" mounted as "x\/a"$/
    )
    await app.dispose()
  })

  it("is logged again where a source brings more of it, and then that alone", async () => {
    const given = shelf()
    const app = assemble(
      main().mount(from("a")).mount(from("b", given), { collisions: "replace" }).tool(sayTool("u", "m"))
    )
    await app.start()
    expect(logged).toHaveLength(1)
    given.put(sayTool("u", "b"))
    await vi.waitFor(() => expect(logged).toHaveLength(2))
    expect(logged[1]).toMatch(
      /components\.\nleft out: tool "u" of server "main"; kept: "u" of server "b" mounted as "b"$/
    )
    const loads = given.loads()
    given.put(sayTool("u", "b again"))
    await vi.waitFor(() => expect(given.loads()).toBe(loads + 1))
    const running = await app["~mcpipe/App"].running()
    await vi.waitFor(() => expect(running.catalogue().losses).toHaveLength(2))
    expect(logged).toHaveLength(2)
    await app.dispose()
  })

  it("is nothing to log where nothing is left out", async () => {
    const app = assemble(main().mount(from("a")).mount(from("b"), { collisions: "suffix" }))
    await app.start()
    expect(logged).toEqual([])
    await app.dispose()
  })
})
