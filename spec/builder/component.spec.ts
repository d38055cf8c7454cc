import { DefinitionError, prompt, resource, server, tool } from "mcpipe"
import { describe, expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }
const given = () => ({ meta: { team: { name: "a" } }, icons: [{ src: "https://x/i.png", sizes: ["48x48"] }] })
const hints = () => ({ readOnlyHint: true })
const audience = () => ({ audience: ["user" as const] })

type Options = ReturnType<typeof given> & { annotations?: any }

const kinds: ReadonlyArray<readonly [string, (options: Options) => any, () => object | undefined]> = [
  ["tool", (options) => tool({ name: "c", ...options }, () => 1), hints],
  ["resource", (options) => resource({ uri: "x://c", ...options }, () => "c"), audience],
  ["resource template", (options) => resource({ uri: "x://{id}", ...options }, () => "c"), audience],
  ["prompt", (options) => prompt({ name: "c", ...options }, () => "c"), () => undefined]
]

const isFrozen = (value: unknown): boolean =>
  typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))

describe.each(kinds)("a %s", (_, make, annotations) => {
  it("keeps copies of what it lists, which nobody can change", () => {
    const options: Options = { ...given(), annotations: annotations() }
    const component = make(options)
    options.meta.team.name = "b"
    options.icons[0]!.sizes.push("any")
    if (options.annotations !== undefined) Object.assign(options.annotations, { title: "later" })
    const { meta, icons } = component
    expect({ meta, icons, annotations: component.annotations }).toEqual({ ...given(), annotations: annotations() })
    expect([isFrozen(meta), isFrozen(icons), isFrozen(component.annotations)]).toEqual([true, true, true])
  })
})

it("what a component lists must be JSON, and a refusal says where it is not", () => {
  const meta = { size: 1n }
  const circle: { self?: unknown } = {}
  circle.self = circle
  expect(() => tool({ name: "t", meta }, () => 1)).toThrow(DefinitionError)
  expect(() => tool({ name: "t", meta }, () => 1)).toThrow(/^tool "t": meta must be JSON: /)
  expect(() => prompt({ name: "p", meta: circle }, () => "p")).toThrow(/^prompt "p": meta must be JSON: /)
  expect(() => resource({ uri: "x://y", icons: [{ src: 1n as never }] }, () => "r")).toThrow(
    /^resource "x:\/\/y": icons must be JSON: /
  )
  expect(() => tool({ name: "t", annotations: { title: 1n as never } }, () => 1)).toThrow(
    /^tool "t": annotations must be JSON: /
  )
})

it("a list shows what was given at the definition, whatever became of that since", async () => {
  const meta = { team: "a" }
  await using wire = await connectWire(server(info).tool(tool({ name: "t", meta }, () => 1)))
  meta.team = "b"
  expect((await wire.request("tools/list")).result.tools[0]._meta).toEqual({ team: "a" })
})
