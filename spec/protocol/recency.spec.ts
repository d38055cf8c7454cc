import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Recency } from "../../lib/protocol/recency.ts"

type Step = readonly ["add" | "touch" | "delete" | "get", id: string]

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom("add" as const, "touch" as const, "delete" as const, "get" as const),
  fc.constantFrom("a", "b", "c", "d", "e")
)

it("keeps values in the order of their last use, whatever is added, used and taken out", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const recency = new Recency<string>()
      let model: ReadonlyArray<string> = []
      for (const [action, id] of steps) {
        const known = model.includes(id)
        const others = model.filter((one) => one !== id)
        if (action === "add" && !known) {
          recency.add(id, id.toUpperCase())
          model = [...model, id]
        } else if (action === "touch") {
          recency.touch(id)
          if (known) model = [...others, id]
        } else if (action === "delete") {
          expect(recency.delete(id)).toBe(known)
          model = others
        }
        expect(recency.get(id)).toBe(model.includes(id) ? id.toUpperCase() : undefined)
        expect(recency.size).toBe(model.length)
        expect(recency.oldest).toBe(model[0]?.toUpperCase())
      }
      for (const id of model) {
        expect(recency.oldest).toBe(id.toUpperCase())
        recency.delete(id)
      }
      expect(recency.oldest).toBe(undefined)
    })
  )
})
