import { ClientUnsupported, Effect, Elicitation, prompt, Roots, Sampling, tool } from "mcpipe"
import * as v from "valibot"

/** What the suite wants to be asked, as handlers in one straight line: no round is told from another anywhere. */
export const askingTools = [
  tool({ name: "test_sampling", description: "Asks the model", input: { prompt: v.string() } }, function* ({ prompt }) {
    return `LLM response: ${yield* Sampling.text(prompt, { maxTokens: 100 })}`
  }),
  tool(
    { name: "test_elicitation", description: "Asks the user", input: { message: v.string() } },
    async ({ message }, { elicit }) => {
      const content = await elicit(message, {
        username: v.pipe(v.string(), v.description("User's response")),
        email: v.pipe(v.string(), v.description("User's email address"))
      })
      return `User response: action=accept, content=${JSON.stringify(content)}`
    }
  ),
  tool({ name: "test_elicitation_sep1034_defaults", description: "Asks with defaults" }, async (_, { elicit }) => {
    const content = await elicit("Please review and update the form fields with defaults", {
      name: v.optional(v.string(), "John Doe"),
      age: v.optional(v.pipe(v.number(), v.integer()), 30),
      score: v.optional(v.number(), 95.5),
      status: v.optional(v.picklist(["active", "inactive", "pending"]), "active"),
      verified: v.optional(v.boolean(), true)
    })
    return `Elicitation completed: action=accept, content=${JSON.stringify(content)}`
  }),
  tool({ name: "test_elicitation_sep1330_enums", description: "Asks for choices" }, function* () {
    const content = yield* Elicitation.form("Please select options from the enum fields", {
      untitledSingle: v.picklist(["option1", "option2", "option3"]),
      titledSingle: v.union([
        v.pipe(v.literal("value1"), v.title("First Option")),
        v.pipe(v.literal("value2"), v.title("Second Option")),
        v.pipe(v.literal("value3"), v.title("Third Option"))
      ]),
      legacyEnum: v.pipe(
        v.picklist(["opt1", "opt2", "opt3"]),
        v.metadata({ enumNames: ["Option One", "Option Two", "Option Three"] })
      ),
      untitledMulti: v.array(v.picklist(["option1", "option2", "option3"])),
      titledMulti: v.array(
        v.union([
          v.pipe(v.literal("value1"), v.title("First Choice")),
          v.pipe(v.literal("value2"), v.title("Second Choice")),
          v.pipe(v.literal("value3"), v.title("Third Choice"))
        ])
      )
    })
    return `Elicitation completed: action=accept, content=${JSON.stringify(content)}`
  }),
  tool({ name: "test_missing_capability", description: "Cannot do without sampling" }, () =>
    Sampling.text("Say hello", { maxTokens: 10 })
  ),
  tool(
    { name: "test_input_required_result_elicitation", description: "Greets who is there" },
    async (_, { elicit }) => {
      const { name } = await elicit("What is your name?", { name: v.string() }, { key: "user_name" })
      return `Hello, ${name}!`
    }
  ),
  tool({ name: "test_input_required_result_sampling", description: "Asks the model a question" }, () =>
    Sampling.text("What is the capital of France?", { maxTokens: 100, key: "capital_question" })
  ),
  tool({ name: "test_input_required_result_list_roots", description: "Names the roots" }, function* () {
    const roots = yield* Roots.list
    return `Roots: ${roots.map(({ uri }) => uri).join(", ")}`
  }),
  tool({ name: "test_input_required_result_request_state", description: "Asks to confirm" }, function* () {
    yield* Elicitation.confirm("Please confirm", { key: "confirm" })
    return "state-ok"
  }),
  tool({ name: "test_input_required_result_tampered_state", description: "Asks to confirm" }, function* () {
    yield* Elicitation.confirm("Please confirm", { key: "confirm" })
    return "Confirmed."
  }),
  tool({ name: "test_input_required_result_multiple_inputs", description: "Asks three things at once" }, function* () {
    const [{ name }, greeting, roots] = yield* Effect.all(
      [
        Elicitation.form("What is your name?", { name: v.string() }, { key: "user_name" }),
        Sampling.text("Generate a greeting", { maxTokens: 50, key: "greeting" }),
        Roots.list
      ],
      { concurrency: "unbounded" }
    )
    return `${greeting} ${name}, of ${roots.length} roots`
  }),
  tool({ name: "test_input_required_result_multi_round", description: "Asks twice" }, async (_, { elicit }) => {
    const { name } = await elicit("Step 1: What is your name?", { name: v.string() }, { key: "step1" })
    const { color } = await elicit("Step 2: What is your favorite color?", { color: v.string() }, { key: "step2" })
    return `${name} likes ${color}.`
  }),
  tool({ name: "test_input_required_result_capabilities", description: "Asks what the client can be asked" }, () =>
    Effect.map(
      Effect.all(
        [
          orElse(Elicitation.form("What is your name?", { name: v.string() }), { name: "stranger" }),
          orElse(Sampling.text("Generate a greeting", { maxTokens: 50 }), "Hello")
        ],
        { concurrency: "unbounded" }
      ),
      ([{ name }, greeting]) => `${greeting} ${name}`
    )
  )
]

const orElse = <A, E, R>(ask: Effect.Effect<A, E, R>, instead: A) =>
  Effect.catch(ask, (error) => (error instanceof ClientUnsupported ? Effect.succeed(instead) : Effect.fail(error)))

export const askingPrompts = [
  prompt({ name: "test_input_required_result_prompt", description: "Asks for a context" }, async (_, { elicit }) => {
    const { context } = await elicit(
      "What context should the prompt use?",
      { context: v.string() },
      { key: "user_context" }
    )
    return `Use this context: ${context}`
  })
]
