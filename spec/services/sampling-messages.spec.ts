import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Content } from "../../lib/builder/content.ts"
import { Prompt } from "../../lib/builder/messages.ts"
import { answerOf, isAnswer, replyOf, toMessages, wireMessages } from "../../lib/services/sampling-messages.ts"
import type { SamplingContent, SamplingMessage } from "../../lib/builder/sampling-types.ts"

const text = (text: string) => ({ type: "text", text }) as const
const png = { type: "image", data: "aGk=", mimeType: "image/png" } as const
const use = (id: string, name = "add") => ({ type: "tool_use", id, name, input: {} }) as const
const resultOf = (toolUseId: string) => ({ type: "tool_result", toolUseId, content: [text("5")] }) as const

const piece: fc.Arbitrary<SamplingContent> = fc.oneof(
  fc.string().map(text),
  fc.constant(png),
  fc.constant({ type: "audio", data: "aGk=", mimeType: "audio/wav" } as const)
)
const message: fc.Arbitrary<SamplingMessage> = fc.record({
  role: fc.constantFrom("user", "assistant"),
  content: fc.array(piece, { minLength: 1, maxLength: 4 })
})
const messages = fc.array(message, { minLength: 1, maxLength: 5 })

describe("toMessages", () => {
  it("takes strings and content that stand together for one message of the user", () => {
    expect(toMessages("Hello", "here")).toEqual([{ role: "user", content: [text("Hello")] }])
    expect(toMessages(Content.image("aGk=", "image/png"), "here")).toEqual([{ role: "user", content: [png] }])
    expect(
      toMessages(
        [
          "What is this?",
          Content.image("aGk=", "image/png"),
          Prompt.assistant("A dot."),
          "And",
          "this?",
          Prompt.user("?")
        ],
        "here"
      )
    ).toEqual([
      { role: "user", content: [text("What is this?"), png] },
      { role: "assistant", content: [text("A dot.")] },
      { role: "user", content: [text("And"), text("this?")] },
      { role: "user", content: [text("?")] }
    ])
  })

  it("keeps hints and metadata, and gives plain JSON", () => {
    const content = Content.text("a", { annotations: { priority: 1 }, meta: { b: 2 } })
    const [made] = toMessages([{ role: "user", content: ["x", content], _meta: { c: 3 } }], "here")
    expect(made).toStrictEqual({
      role: "user",
      content: [text("x"), { type: "text", text: "a", annotations: { priority: 1 }, _meta: { b: 2 } }],
      _meta: { c: 3 }
    })
  })

  it("gives any conversation back as it is, and takes it again", () => {
    fc.assert(
      fc.property(messages, (given) => {
        expect(toMessages(given, "here")).toEqual(given)
        expect(toMessages(toMessages(given, "here"), "here")).toEqual(given)
      })
    )
  })

  it.each<[string, any, string]>([
    ["no message", [], "here: the prompt is empty; give a string or at least one message."],
    ["a number", 5, "here, prompt: give strings, or content made by Content.text, Content.image or Content.audio."],
    ["content of no known type", [{ type: "video" }], "here, prompt[0]: give strings, or content"],
    ["a link", Content.link({ uri: "a://b", name: "b" }), "hold text, images and sound, not a resource_link; read it"],
    [
      "an embedded resource",
      ["a", Content.file({ name: "a.txt", data: "a" })],
      "here, prompt[1]: a model's messages hold"
    ],
    ["another role", [{ role: "system", content: "a" }], 'role is "system"; it must be "user" or "assistant".'],
    ["an empty message", [{ role: "user", content: [] }], "its content is empty"],
    [
      "a use without a result",
      [{ role: "assistant", content: use("1") }, "Go on"],
      'the tool use "1" has no tool_result'
    ],
    ["a use at the end", [{ role: "assistant", content: use("1") }], 'the tool use "1" has no tool_result after it'],
    [
      "a result without a use",
      ["Hi", { role: "user", content: resultOf("1") }],
      'the tool_result "1" answers no tool use'
    ],
    ["a use by the user", [{ role: "user", content: use("1") }], "uses of tools are the assistant's"],
    ["a result by the model", [{ role: "assistant", content: resultOf("1") }], "and their results the user's"],
    [
      "a result beside text",
      [
        { role: "assistant", content: use("1") },
        { role: "user", content: [resultOf("1"), "and"] }
      ],
      "a message with results of tools may hold nothing else"
    ],
    [
      "a result twice",
      [
        { role: "assistant", content: use("1") },
        { role: "user", content: [resultOf("1"), resultOf("1")] }
      ],
      'the tool_result "1" answers no tool use'
    ]
  ])("refuses %s and says what to give", (_, prompt, sentence) => {
    expect(() => toMessages(prompt, "here")).toThrow(TypeError)
    expect(() => toMessages(prompt, "here")).toThrow(sentence)
  })
})

describe("wireMessages", () => {
  const flat = (sent: ReadonlyArray<any>) =>
    sent.flatMap(({ role, content }) => [content].flat().map((piece: unknown) => ({ role, piece })))

  it("sends every piece under its role and in its order, in every revision", () => {
    const revisions = fc.constantFrom("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
    fc.assert(
      fc.property(messages, revisions, (given, revision) => {
        expect(flat(wireMessages(given, revision))).toEqual(flat(given))
      })
    )
  })

  it("puts one piece in a message before 2025-11-25, and an array only around several from then on", () => {
    fc.assert(
      fc.property(messages, (given) => {
        for (const sent of wireMessages(given, "2025-06-18") as ReadonlyArray<any>)
          expect(sent.content).not.toBeInstanceOf(Array)
        const sent = wireMessages(given, "2025-11-25") as ReadonlyArray<any>
        expect(sent.map(({ content }) => Array.isArray(content))).toEqual(
          given.map(({ content }) => content.length > 1)
        )
      })
    )
  })

  it("always puts uses of tools and their results in arrays", () => {
    const uses = [
      { role: "assistant", content: [use("1")] },
      { role: "user", content: [resultOf("1")] }
    ] as const
    expect(wireMessages(uses, "2026-07-28")).toEqual(uses)
  })
})

describe("isAnswer", () => {
  const answer = { role: "assistant", content: text("hi"), model: "m" }

  it.each<[string, unknown]>([
    ["one piece", answer],
    ["an array", { ...answer, content: [text("a"), png, use("1"), use("2")] }],
    ["an empty array", { ...answer, content: [] }],
    ["a reason of its own, and what it adds", { ...answer, stopReason: "tired", _meta: {}, more: 1 }],
    ["the role user", { ...answer, role: "user" }]
  ])("takes %s", (_, raw) => {
    expect(isAnswer(raw)).toBe(true)
  })

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["an array", [answer]],
    ["no content", { role: "assistant", model: "m" }],
    ["no model", { role: "assistant", content: text("hi") }],
    ["another role", { ...answer, role: "system" }],
    ["a stopReason that is no string", { ...answer, stopReason: 1 }],
    ["text without text", { ...answer, content: { type: "text" } }],
    ["an image without a type", { ...answer, content: { type: "image", data: "aGk=" } }],
    ["a use without input", { ...answer, content: { type: "tool_use", id: "1", name: "a" } }],
    ["arguments in an array", { ...answer, content: { ...use("1"), input: [] } }],
    ["_meta that is no object", { ...answer, content: { ...text("a"), _meta: 1 } }],
    ["two uses of one id", { ...answer, content: [use("1"), use("1", "sub")] }],
    ["a type it does not know", { ...answer, content: [text("a"), { type: "video" }] }]
  ])("refuses %s", (_, raw) => {
    expect(isAnswer(raw)).toBe(false)
  })

  it("takes whatever a reply becomes", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (content) => {
        const made = replyOf({ content }, "here")
        expect(isAnswer(made)).toBe(true)
        expect(answerOf(made)).toEqual({ role: "assistant", content, model: "server", stopReason: "endTurn" })
      })
    )
  })
})

describe("answerOf", () => {
  it("gives an array, and leaves out what the protocol does not name", () => {
    expect(answerOf({ role: "assistant", content: text("a"), model: "m", more: 1 })).toStrictEqual({
      role: "assistant",
      content: [text("a")],
      model: "m"
    })
  })
})

describe("replyOf", () => {
  it("takes a string for the text, and knows that a use of a tool ends a turn", () => {
    expect(replyOf("hi", "here")).toEqual({
      role: "assistant",
      content: [text("hi")],
      model: "server",
      stopReason: "endTurn"
    })
    expect(replyOf({ content: use("1"), model: "m" }, "here").stopReason).toBe("toolUse")
    expect(replyOf({ content: "a", stopReason: "maxTokens" }, "here").stopReason).toBe("maxTokens")
  })

  it.each<[any, string]>([
    [undefined, "here: give a string or { content, model?, stopReason? } as the answer."],
    [{}, "here: give a string or { content"],
    [{ content: 5 }, "here: give strings, or content made by"],
    [{ content: "a", model: 5 }, "here: the answer's role, model, stopReason or tool uses"]
  ])("refuses %j", (reply, sentence) => {
    expect(() => replyOf(reply, "here")).toThrow(sentence)
  })
})
