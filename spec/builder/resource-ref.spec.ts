import { expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { isResourceRef, resourceRef } from "../../lib/builder/resource-ref.ts"

it("refers to a resource or a template by its URI", () => {
  const ref = resourceRef("user://{id}/profile")
  expect(ref).toStrictEqual({ "~mcpipe/ResourceRef": true, uri: "user://{id}/profile" })
  expect(Object.isFrozen(ref)).toBe(true)
  expect(isResourceRef(ref)).toBe(true)
})

it("says what is missing when the URI has no scheme", () => {
  expect(() => resourceRef("42/profile")).toThrow(DefinitionError)
  expect(() => resourceRef("42/profile")).toThrow('Resource.ref("42/profile"): begin the URI with a scheme')
})

it.each([undefined, null, "user://42", { uri: "user://42" }])("does not take %j for a ref", (value) => {
  expect(isResourceRef(value)).toBe(false)
})
