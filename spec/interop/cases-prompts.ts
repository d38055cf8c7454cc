import { type Case, error, masked } from "./case.ts"

export const message = (role: "user" | "assistant", content: unknown) => ({ role, content })
const said = (value: string) => message("user", { type: "text", text: value })

export const prompts: ReadonlyArray<Case> = [
  {
    title: "a string is one message of the user, under the prompt's description",
    ask: (client) => client.get("greeting"),
    answer: { description: "A greeting", messages: [said("Say hello.")] }
  },
  {
    title: "messages keep their roles, order and content",
    ask: (client) => client.get("dialogue"),
    answer: {
      messages: [
        said("Is it up?"),
        message("assistant", { type: "image", data: "AQID", mimeType: "image/png" }),
        message("user", { type: "resource", resource: { uri: "doc://readme", text: "# Hello" } })
      ]
    }
  },
  {
    title: "a prompt result brings its own description and metadata",
    ask: (client) => client.get("described"),
    answer: { description: "in the answer", messages: [said("Go.")], _meta: { "example.com/v": 2 } }
  },
  {
    title: "prompt arguments arrive as their schemas make them, defaults included",
    ask: (client) => client.get("trip", { country: "fr", city: "pau" }),
    answer: { messages: [said("4 days in pau, fr")] }
  },
  {
    title: "missing prompt arguments are named",
    ask: (client) => client.get("trip", { country: "fr" }),
    answer: error(-32602, 'Invalid arguments for prompt "trip":\n- city: expected string, received nothing')
  },
  {
    title: "an unknown prompt is an error that says where to look",
    ask: (client) => client.get("nope"),
    answer: error(-32602, 'Unknown prompt: "nope". prompts/list names the ones there are.')
  },
  {
    title: "an unexpected exception in a prompt is masked",
    ask: masked((client) => client.get("broken")),
    answer: error(-32603, "Internal error (reference …)")
  }
]

const completion = (values: ReadonlyArray<string>, total: number, hasMore: boolean) => ({
  completion: { values, total, hasMore }
})

export const completions: ReadonlyArray<Case> = [
  {
    title: "a completion knows the arguments settled before",
    ask: (client) => client.complete({ prompt: "trip" }, ["city", "pa"], { country: "it" }),
    answer: completion(["parma"], 1, false)
  },
  {
    title: "more than 100 completions are cut to 100, and the answer says so",
    ask: (client) => client.complete({ prompt: "trip" }, ["country", ""]),
    answer: completion(
      Array.from({ length: 100 }, (_, index) => `c${index}`),
      150,
      true
    )
  },
  {
    title: "a template's variable is completed",
    ask: (client) => client.complete({ template: "user://{id}/profile" }, ["id", "1"]),
    answer: completion(["1", "12"], 2, false)
  },
  {
    title: "an argument without completions has none",
    ask: (client) => client.complete({ prompt: "trip" }, ["days", "1"]),
    answer: { completion: { values: [] } }
  }
]
