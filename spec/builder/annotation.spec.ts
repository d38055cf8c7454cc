import fc from "fast-check"
import { annotation, prompt, resource, tool } from "mcpipe"
import { describe, expect, it } from "vitest"

const price = annotation<number>("spec/price")
const owner = annotation<{ readonly name: string }>("spec/owner")

describe("an annotation", () => {
  it.each([
    ["tool", tool({ name: "t" }, () => 1)],
    ["resource", resource({ uri: "x://y" }, () => "r")],
    ["prompt", prompt({ name: "p" }, () => "p")]
  ])("is put on a %s without changing the one it was put on", (_, component) => {
    const annotated = component.pipe(price.set(5), owner.set({ name: "ada" }))
    expect([price.get(annotated), owner.get(annotated)]).toEqual([5, { name: "ada" }])
    expect([price.get(component), owner.get(component)]).toEqual([undefined, undefined])
    expect(annotated).not.toBe(component)
    expect(Object.isFrozen(annotated)).toBe(true)
    expect(JSON.stringify(annotated)).toBe(JSON.stringify(component))
    expect({ ...annotated, "~mcpipe/Component": 0 }).toEqual({ ...component, "~mcpipe/Component": 0 })
  })

  it("set last wins, whatever was set before", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const t = values.reduce(
          (made, value) => made.pipe(price.set(value)),
          tool({ name: "t" }, () => 1)
        )
        expect(price.get(t)).toBe(values.at(-1))
      })
    )
  })

  it("may hold undefined, null and 0, and is told from others by its id", () => {
    const same = annotation<number>("spec/price")
    const t = tool({ name: "t" }, () => 1).pipe(price.set(0))
    expect([price.get(t), same.get(t), annotation<number>("__proto__").get(t)]).toEqual([0, 0, undefined])
  })
})
