import { describe, expect, it } from "vitest"
import { DefinitionError } from "../../lib/builder/errors.ts"
import { askingSettings } from "../../lib/runtime/asking-settings.ts"

const oldKey = "an old key of more than 32 characters"
const newKey = "a new key of more than 32 characters!"

describe("requestStateKeys", () => {
  const how = "make one with `openssl rand -base64 32`"
  const none = `Option requestStateKeys must be an array of at least one secret; ${how}.`

  it("are one or more different secrets of 32 characters or more", () => {
    expect(askingSettings({ requestStateKeys: ["x".repeat(32)] }).requestStateKeys).toEqual(["x".repeat(32)])
    expect(askingSettings({ requestStateKeys: [newKey, oldKey] }).requestStateKeys).toEqual([newKey, oldKey])
  })

  it.each<[unknown, string]>([
    [newKey, none],
    [[], none],
    [{ 0: newKey, length: 1 }, none],
    [[newKey, 1], `Option requestStateKeys[1] is a number: use a string of 32 or more; ${how}.`],
    [[undefined], `Option requestStateKeys[0] is undefined: use a string of 32 or more; ${how}.`],
    [["hunter2"], `Option requestStateKeys[0] has 7 characters: use a string of 32 or more; ${how}.`],
    [[newKey, oldKey, newKey], "Option requestStateKeys[2] is there twice; each secret must differ."]
  ])("are refused where they are %j, without being repeated", (requestStateKeys, message) => {
    expect(() => askingSettings({ requestStateKeys: requestStateKeys as never })).toThrow(new DefinitionError(message))
  })
})

describe("the other options of asking", () => {
  it("have defaults", () => {
    expect(askingSettings({})).toEqual({
      requestStateKeys: undefined,
      requestStateTtl: 900_000,
      maxRounds: 32,
      askTimeout: 600_000,
      checkDeterminism: false
    })
  })

  it.each([
    [{ requestStateTtl: 999 }, "Option requestStateTtl is 999: use an integer from 1000 to 604800000."],
    [{ maxRounds: 0 }, "Option maxRounds is 0: use an integer from 1 to 1000."],
    [{ maxRounds: 1.5 }, "Option maxRounds is 1.5: use an integer from 1 to 1000."],
    [{ askTimeout: "10s" as never }, 'Option askTimeout is "10s": use an integer from 1 to 604800000.'],
    [{ checkDeterminism: "yes" as never }, 'Option checkDeterminism is "yes": use true or false.']
  ])("refuse %j and name the range", (options, message) => {
    expect(() => askingSettings(options)).toThrow(new DefinitionError(message))
  })
})
