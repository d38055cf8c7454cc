import * as fc from "fast-check"
import { jsonSchema, type Transform, server, tool, visibleTo } from "mcpipe"
import * as v from "valibot"
import { expect, it } from "vitest"
import {
  dereference,
  describe,
  except,
  filter,
  namespace,
  promptsAsTools,
  redactFields,
  rename,
  toolSearch,
  transformTools,
  versions
} from "../../lib/transforms/index.ts"
import { connectWire, type Wire } from "../kit/wire.ts"

const words = v.object({
  text: v.string(),
  count: v.number(),
  deep: v.array(v.object({ id: v.number(), secret: v.string() }))
})
const said = { text: "x", count: 1, deep: [{ id: 1, secret: "s" }] }
const place = v.strictObject({ city: v.string(), zip: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))) })

const tools = [
  tool(
    { name: "one", version: "1", input: { a: v.string(), b: v.optional(v.number(), 3), c: v.picklist(["x", "y"]) } },
    (args) => args
  ),
  tool(
    { name: "two", version: "2.1", input: { a: v.optional(v.boolean()), place }, output: words, tags: ["t"] },
    () => said
  ),
  tool(
    { name: "three", input: { list: v.array(v.pipe(v.string(), v.minLength(1))), a: v.nullable(v.string()) } },
    () => said
  ),
  tool({ name: "four", output: words, tags: ["t"] }, () => said),
  tool({ name: "never", input: { a: v.string() } }, () => "seen").pipe(visibleTo(() => false))
]

/** One transform, made when it is known which tools are there; `served` says what their names become. */
type Made = (names: ReadonlyArray<string>, schemas: ReadonlyMap<string, any>) => Transform<any> | undefined

const pickOne = (names: ReadonlyArray<string>, n: number): string | undefined => names[n % Math.max(names.length, 1)]

const argumentChange = (name: string, property: any, how: number): object | undefined => {
  const sample = sampleOf(property, how, {})
  switch (how % 6) {
    case 0:
      return { name: `${name}_${how % 3}` }
    case 1:
      return { description: "Another text" }
    case 2:
      return { default: sample }
    case 3:
      return { hide: true, value: sample }
    case 4:
      return { hide: true, compute: async () => sample }
    default:
      return { required: true }
  }
}

const step: fc.Arbitrary<Made> = fc.oneof(
  fc.nat(20).map(
    (n): Made =>
      (names) => {
        const name = pickOne(names, n)
        return name === undefined ? undefined : rename({ [name]: `renamed_${name}`.slice(0, 60) })
      }
  ),
  fc.constantFrom("n", "m").map(
    (ns): Made =>
      () =>
        namespace(ns)
  ),
  fc.nat(20).map(
    (n): Made =>
      (names) =>
        names.length < 2 ? undefined : except(pickOne(names, n)!)
  ),
  fc.constant<Made>(() => filter((one) => one.name !== "two")),
  fc.constant<Made>(() => filter([{ tag: "t" }, "*"])),
  fc.constant<Made>(() => dereference()),
  fc.constant<Made>(() => redactFields(["**.secret", "count", "place.zip"])),
  fc.constant<Made>(() => versions({ lt: "2" })),
  fc.constant<Made>((_, schemas) =>
    [...schemas.keys()].some((name) => name.includes("prompt")) ? undefined : promptsAsTools()
  ),
  fc.constant<Made>((names) => (names.length === 0 ? undefined : describe({ [names[0]!]: () => "Said anew" }))),
  fc.tuple(fc.nat(20), fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }), fc.boolean(), fc.boolean()).map(
    ([n, hows, maps, omits]): Made =>
      (names, schemas) => {
        const name = pickOne(names, n)
        if (name === undefined) return undefined
        const properties = Object.entries(schemas.get(name).inputSchema.properties ?? {})
        const changes = properties.flatMap(([argument, property], i) => {
          const change = argumentChange(argument, property, hows[i % 4]!)
          return change === undefined ? [] : [[argument, change] as const]
        })
        const output = schemas.get(name).outputSchema
        return transformTools({
          [name]: {
            arguments: Object.fromEntries(changes),
            ...(maps ? { mapInput: async (args: any) => args } : {}),
            ...(omits && output?.properties?.text !== undefined ? { omit: ["text"] } : {})
          }
        })
      }
  )
)

/** A value that fits one of the few kinds of schemas that the tools above have. */
const sampleOf = (schema: any, n: number, root: any): any => {
  if (schema.$ref !== undefined) return sampleOf(root.$defs[schema.$ref.split("/").at(-1)], n, root)
  if (schema.enum !== undefined) return schema.enum[n % schema.enum.length]
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[n % schema.anyOf.length], n, root)
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "string":
      return `text ${n}`
    case "integer":
    case "number":
      return n + 1
    case "boolean":
      return n % 2 === 0
    case "null":
      return null
    case "array":
      return Array.from({ length: n % 3 }, (_, i) => sampleOf(schema.items, n + i, root))
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name], i) => schema.required?.includes(name) || (n + i) % 2 === 0)
          .map(([name, inner], i) => [name, sampleOf(inner, n + i, root)])
      )
  }
}

const listed = async (wire: Wire): Promise<ReadonlyArray<any>> => (await wire.request("tools/list")).result?.tools ?? []

/** Calls with what fits and with what may not: the answer is what the listed schema says. */
const expectAgreement = async (
  shown: { readonly name: string; readonly inputSchema: any; readonly outputSchema?: any },
  call: (args: object) => Promise<any>,
  n: number
) => {
  const { inputSchema, outputSchema } = shown
  const schema = jsonSchema(inputSchema)
  const fitting = sampleOf(inputSchema, n, inputSchema)
  expect(schema.decode(fitting).ok).toBe(true)
  const others = [
    fitting,
    {},
    { ...fitting, a: 5 },
    { ...fitting, b: "text" },
    { ...fitting, place: { city: 1 } },
    ...Object.keys(fitting).map((name) => ({ ...fitting, [name]: [null] })),
    ...Object.keys(fitting).map((name) => Object.fromEntries(Object.entries(fitting).filter(([one]) => one !== name)))
  ]
  for (const args of others) {
    const answer = await call(args)
    const text = JSON.stringify({ shown, args, answer })
    expect(answer.isError === true, text).toBe(!schema.decode(args).ok)
    if (answer.isError === true) expect(text).toContain("Invalid arguments")
    else if (outputSchema !== undefined)
      expect(jsonSchema(outputSchema).decode(answer.structuredContent).ok, text).toBe(true)
  }
}

it("whatever is composed: what is listed can be called as listed, and nothing else can", {
  timeout: 120_000
}, async () => {
  let calls = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 5 }),
      fc.nat(50),
      fc.boolean(),
      fc.boolean(),
      async (steps, n, searches, mounted) => {
        let main: any = server({ name: "s", version: "1" }).add(...tools)
        const before = new Set<string>(["one", "two", "three", "four", "never"])
        for (const make of steps) {
          await using wire = await connectWire(main)
          const all = await listed(wire)
          const names = all.map(({ name }) => name).filter((name) => !name.includes("prompt"))
          const transform = make(names, new Map(all.map((one) => [one.name, one])))
          if (transform !== undefined) main = main.transform(transform)
          for (const { name } of all) before.add(name)
        }
        if (mounted) main = server({ name: "root", version: "1" }).mount("m", main)
        const served = searches ? main.transform(toolSearch()) : main
        await using wire = await connectWire(main)
        await using searched = await connectWire(served)
        const all = await listed(wire)
        for (const shown of all) {
          if (shown.name.includes("prompt")) continue
          calls++
          if (!searches) {
            await expectAgreement(shown, (args) => wire.call(shown.name, args), n)
            continue
          }
          const { tools } = (await searched.call("search_tools", { query: shown.name })).structuredContent
          expect(tools.find(({ name }: any) => name === shown.name)).toMatchObject({ inputSchema: shown.inputSchema })
          await expectAgreement(shown, (args) => searched.call("call_tool", { name: shown.name, arguments: args }), n)
        }
        const names = new Set(all.map(({ name }) => name))
        for (const gone of [...before, "m_never", "n_never"]) {
          if (names.has(gone)) continue
          expect((await wire.request("tools/call", { name: gone, arguments: { a: "x" } })).error).toBeDefined()
          if (searches) expect(await searched.text("call_tool", { name: gone })).toContain("There is no tool")
        }
        if (searches) expect((await listed(searched)).map(({ name }) => name)).toEqual(["search_tools", "call_tool"])
      }
    ),
    { numRuns: 150 }
  )
  expect(calls).toBeGreaterThan(150)
})
