import { assemble, Effect, middleware, server, visibleTo } from "mcpipe"
import fc from "fast-check"
import * as v from "valibot"
import { describe, expect, it, vi } from "vitest"
import { compareVersions } from "../../lib/runtime/versions.ts"
import { info, listsOf, read, sayPrompt, sayResource, sayTool, saying, spoken } from "../kit/served.ts"
import { shelf } from "../kit/shelf.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const main = () => server(info("main"))
const versions = (...all: ReadonlyArray<string | undefined>) =>
  all.map((version) => sayTool("t", version ?? "none", version === undefined ? {} : { version }))

const asked = (version: unknown) => ({ _meta: { "mcpipe/version": version } })

const called = async (wire: Wire, name: string, version?: unknown): Promise<string> => {
  const answer = await wire.request("tools/call", { name, ...(version === undefined ? {} : asked(version)) })
  return answer.result?.content[0].text ?? answer.error.message
}

describe.each(spoken)("several versions of a component on %s", (speak) => {
  it("are listed once, and the highest is called, whatever their order", async () => {
    for (const order of [
      ["1.9", "1.10", "1"],
      ["1.10", "1", "1.9"],
      ["1", "1.10", "1.9"]
    ]) {
      await using wire = await connectWire(main().add(...versions(...order)), { speak })
      expect((await listsOf(wire)).tools).toEqual(["t"])
      expect(await called(wire, "t")).toBe("1.10")
    }
  })

  it("are called by _meta, of each kind", async () => {
    const all = ["1", "2"].flatMap((version) => [
      sayTool("t", `t${version}`, { version }),
      sayPrompt("p", `p${version}`, { version }),
      sayResource("x://r", `r${version}`, { version }),
      sayResource("x://d/{id}", `d${version}`, { version })
    ])
    await using wire = await connectWire(main().mount("m", server(info("child")).add(...all)), { speak })
    expect(await listsOf(wire)).toEqual({
      tools: ["m_t"],
      prompts: ["m_p"],
      resources: ["x://m/r"],
      templates: ["x://m/d/{id}"]
    })
    for (const version of ["1", "2"]) {
      expect(await called(wire, "m_t", version)).toBe(`t${version}`)
      const got = await wire.request("prompts/get", { name: "m_p", ...asked(version) })
      expect(got.result.messages[0].content.text).toBe(`p${version}`)
      for (const [uri, says] of [
        ["x://m/r", "r"],
        ["x://m/d/1", "d"]
      ]) {
        const contents = (await wire.request("resources/read", { uri, ...asked(version) })).result.contents
        expect(contents[0].text).toBe(`${says}${version}`)
      }
    }
    expect(await called(wire, "m_t")).toBe("t2")
    expect(await read(wire, "x://m/d/1")).toBe("d2")
  })

  it("complete by _meta too", async () => {
    const complete = (version: string) =>
      sayPrompt("p", "", { version, args: { a: v.string() }, complete: { a: () => [version] } })
    await using wire = await connectWire(main().add(complete("1"), complete("2")), { speak })
    const values = async (more: object) => {
      const ref = { type: "ref/prompt", name: "p" }
      const answer = await wire.request("completion/complete", { ref, argument: { name: "a", value: "" }, ...more })
      return answer.result.completion.values
    }
    expect(await values({})).toEqual(["2"])
    expect(await values(asked("1"))).toEqual(["1"])
  })

  it("which do not exist are refused with those that do", async () => {
    await using wire = await connectWire(main().add(...versions("1", "2"), sayTool("bare", "bare")), {
      speak
    })
    expect(await called(wire, "t", "3")).toBe('The tool "t" has no version "3"; there are "2", "1".')
    expect(await called(wire, "bare", "3")).toBe('The tool "bare" has no version "3"; it has none.')
    expect(await called(wire, "u", "3")).toBe('Unknown tool: "u". tools/list names the ones there are.')
    expect(await called(wire, "t", 2)).toBe('params._meta["mcpipe/version"] must be a string, not 2.')
    const one = await wire.request("tools/call", { name: "t", ...asked("3") })
    expect(one.error.code).toBe(-32602)
  })

  it("come together from several mounts", async () => {
    const of = (version: string) => server(info(`v${version}`)).add(...versions(version))
    await using wire = await connectWire(main().mount(of("2")).mount(of("10")).mount(of("1")), { speak })
    expect((await listsOf(wire)).tools).toEqual(["t"])
    expect(await called(wire, "t")).toBe("10")
    expect(await called(wire, "t", "1")).toBe("1")
    expect(await called(wire, "t", "2")).toBe("2")
  })

  it("each have the middleware of their own server", async () => {
    const marked = (mark: string) =>
      middleware({ request: (next) => Effect.tap(next, () => Effect.sync(() => void seen.push(mark))) })
    const seen: Array<string> = []
    const of = (version: string) =>
      server(info(`v${version}`))
        .add(...versions(version))
        .use(marked(version))
    await using wire = await connectWire(main().mount(of("1")).mount(of("2")), { speak })
    await called(wire, "t", "1")
    await called(wire, "t")
    expect(seen).toEqual(["1", "2"])
  })

  it("of which a caller may not see the highest, serve that caller the highest they may see", async () => {
    const admins = visibleTo(({ client }) => client.info?.name === "admin")
    const [one, two, three] = versions("1", "2", "3")
    const served = main().add(one!, two!, three!.pipe(admins))
    await using wire = await connectWire(served, { speak })
    expect((await listsOf(wire)).tools).toEqual(["t"])
    expect(await called(wire, "t")).toBe("2")
    expect(await called(wire, "t", "1")).toBe("1")
    expect(await called(wire, "t", "3")).toBe('The tool "t" has no version "3"; there are "2", "1".')
  })
})

it("a version that comes and goes below the highest changes no list, and one above it changes what is called", async () => {
  const given = shelf({ holds: versions("1") })
  await using wire = await connectWire(
    main()
      .add(...versions("2"))
      .source(given.source)
  )
  const running = await wire.app["~mcpipe/App"].running()
  const kinds: Array<unknown> = []
  running.onChange((change) => void kinds.push(change))
  given.put()
  await vi.waitFor(async () =>
    expect(await called(wire, "t", "1")).toBe('The tool "t" has no version "1"; there is "2".')
  )
  expect(kinds).toEqual([])
  given.put(...versions("3"))
  await vi.waitFor(async () => expect(await called(wire, "t")).toBe("3"))
  expect(await called(wire, "t", "2")).toBe("2")
})

it("two of one version collide", () => {
  expect(() => assemble(main().add(...versions("1", "1")))).toThrow(
    'Two tools are called "t" in version "1"; both are in server "main". Rename or remove one of them.'
  )
})

it("one without a version collides with those that have one, since nobody could ask for it", async () => {
  const bare = server(info("bare")).add(...versions(undefined))
  const both = server(info("both")).add(...versions("1", "2"))
  expect(() => assemble(main().mount(both).mount(bare))).toThrow(
    'Two tools are called "t", one in version "1" and one without a version; one is in server "both" mounted as "both", the ' +
      'other in server "bare" mounted as "bare".'
  )
  expect(await saying(main().mount(both).mount(bare, { collisions: "suffix" }), "sessionless")).toEqual({
    "tool t": "2",
    "tool t_2": "none"
  })
  vi.spyOn(console, "error").mockImplementation(() => {})
  expect(await saying(main().mount(both).mount(bare, { collisions: "keep" }), "sessionless")).toEqual({ "tool t": "2" })
  const replaced = assemble(main().mount(both).mount(bare, { collisions: "replace" }))
  expect(await saying(replaced, "sessionless")).toEqual({ "tool t": "none" })
  expect(replaced["~mcpipe/App"].catalogue().losses).toHaveLength(2)
  await replaced.dispose()
  vi.restoreAllMocks()
})

describe("the order of versions", () => {
  it.each([
    ["1", "2"],
    ["1.9", "1.10"],
    ["1.2", "1.2.1"],
    ["v1.9", "v1.10"],
    ["v1", "2"],
    ["1.0.0-alpha", "1.0.0-alpha.1"],
    ["1.0.0-alpha.1", "1.0.0-alpha.beta"],
    ["1.0.0-alpha.beta", "1.0.0-beta"],
    ["1.0.0-beta", "1.0.0-beta.2"],
    ["1.0.0-beta.2", "1.0.0-beta.11"],
    ["1.0.0-beta.11", "1.0.0-rc.1"],
    ["1.0.0-rc.1", "1.0.0"],
    ["1.0.0", "1.0.1-alpha"],
    ["2024-11-05", "2025-03-26"],
    ["2025-03-26-draft", "2025-03-26"],
    ["2025-03-26", "2025-04-01-draft"],
    ["9007199254740993", "9007199254740994"],
    [undefined, "0"]
  ])("%s comes before %s", (low, high) => {
    expect(compareVersions(low, high)).toBeLessThan(0)
    expect(compareVersions(high, low)).toBeGreaterThan(0)
  })

  const part = fc.oneof(fc.nat(12).map(String), fc.constantFrom("alpha", "beta", "rc", "", "00", "01", "x1"))
  const version = fc.oneof(
    fc
      .tuple(fc.constantFrom("", "v"), fc.array(part, { minLength: 1, maxLength: 4 }), fc.array(part, { maxLength: 3 }))
      .map(([v, core, suffix]) => `${v}${core.join(".")}${suffix.length === 0 ? "" : `-${suffix.join(".")}`}`),
    fc.constantFrom("2025-03-26", "2025-03-26-draft", "2025-11-25", "1.0+build", "1.0+other", "-", "."),
    fc.string({ maxLength: 6 }),
    fc.constant(undefined)
  )

  it("is total: two that differ never come out as one, and it makes no difference which is asked first", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [one, other] = [Math.sign(compareVersions(a, b)), Math.sign(compareVersions(b, a))]
        expect(one).toBe(other === 0 ? 0 : -other)
        expect(one === 0).toBe(a === b)
      }),
      { numRuns: 2000 }
    )
  })

  it("is transitive", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 5000 }
    )
  })
})
