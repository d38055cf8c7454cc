import fc from "fast-check"
import { anything, type Json, leaf, type Members, text } from "./vocabulary.ts"

/** A response without its id; `silent` for none at all. */
export type AskAnswer = Members | "silent"

const given = fc.oneof(
  fc.record({ name: leaf, ok: leaf, age: leaf, tags: anything, topic: leaf }, { requiredKeys: [] }),
  fc.constantFrom<Json>({ name: "Ada" }, { ok: true }, { age: 36 }, { tags: ["a"] }, { topic: "x" }),
  anything
)

/** What a user, a model or a file system might say, and what none of them would. */
export const askAnswer: fc.Arbitrary<Members> = fc.oneof(
  fc.record({ result: fc.record({ action: fc.constant("accept"), content: given as fc.Arbitrary<Json> }) }),
  fc.record({ result: fc.record({ action: fc.oneof(fc.constantFrom("decline", "cancel"), text) }) }),
  fc.record({
    result: fc.record({
      role: fc.constantFrom("assistant", "user", "nobody"),
      content: fc.oneof(fc.record({ type: fc.constantFrom("text", "image", "x"), text: leaf }), anything),
      model: leaf
    })
  }),
  fc.record({ result: fc.record({ roots: fc.oneof(fc.array(fc.record({ uri: text }), { maxLength: 3 }), anything) }) }),
  fc.record({ result: anything }),
  fc.record({ error: fc.oneof(fc.record({ code: fc.integer(), message: text }), anything) }),
  fc.record({ result: anything, error: anything })
) as fc.Arbitrary<Members>

/** Answers for whatever will be asked, taken in turn. */
export const askAnswers: fc.Arbitrary<ReadonlyArray<AskAnswer>> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<AskAnswer>[]>(
    { weight: 6, arbitrary: askAnswer },
    { weight: 1, arbitrary: fc.constant<AskAnswer>("silent") }
  ),
  { minLength: 1, maxLength: 4 }
)
