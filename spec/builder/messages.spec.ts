import { describe, expect, it } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { isPromptResult, Prompt, toMessages } from "../../lib/builder/messages.ts"
import { UnserializableResult } from "../../lib/builder/tool-result.ts"

const wire = (value: unknown) => JSON.parse(JSON.stringify(toMessages(value)))
const said = (role: string, text: string) => ({ role, content: { type: "text", text } })

describe("what a prompt's handler returns", () => {
  it("is a message of the user when it is a string", () => {
    expect(wire("Review this")).toStrictEqual({ messages: [said("user", "Review this")] })
  })

  it("is the messages it lists, in order", () => {
    const image = Content.image("AAAA", "image/png")
    expect(wire(Prompt.assistant("Hello"))).toStrictEqual({ messages: [said("assistant", "Hello")] })
    expect(wire([Prompt.user(image), Prompt.assistant("Nice"), "Why?"])).toStrictEqual({
      messages: [
        { role: "user", content: { type: "image", data: "AAAA", mimeType: "image/png" } },
        said("assistant", "Nice"),
        said("user", "Why?")
      ]
    })
    expect(wire([])).toStrictEqual({ messages: [] })
  })

  it("may carry a description and metadata", () => {
    const made = Prompt.result({ messages: "Hi", description: "Greets", meta: { n: 1 } })
    expect(toMessages(made)).toBe(made)
    expect(wire(made)).toStrictEqual({ messages: [said("user", "Hi")], description: "Greets", _meta: { n: 1 } })
    expect(wire(Prompt.result({ messages: [Prompt.user("a"), "b"] })).messages).toHaveLength(2)
  })

  it.each<[unknown, string]>([
    [undefined, "$ is undefined; return a string, Prompt.user(…) or Prompt.assistant(…)"],
    [{ role: "user", content: { type: "text", text: "a" } }, "$ is no message"],
    [["a", 1], "$[1] is no message"],
    [Content.text("a"), "$ is content without a role"]
  ])("is refused with the way out otherwise (%#)", (value, message) => {
    expect(() => toMessages(value)).toThrow(UnserializableResult)
    expect(() => toMessages(value)).toThrow(message)
  })
})

it("refuses a message of anything but a string or one piece of content", () => {
  expect(() => Prompt.user([Content.text("a")] as never)).toThrow(
    "Prompt.user: give a string or a value made by Content"
  )
  expect(() => Prompt.result({ messages: [1 as never] })).toThrow("$.messages[0] is no message")
})

it("recognises finished results only", () => {
  expect([isPromptResult(toMessages("a")), isPromptResult({ messages: [] }), isPromptResult(null)]).toEqual([
    true,
    false,
    false
  ])
})
