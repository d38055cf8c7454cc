import {
  Content,
  Effect,
  jsonSchema,
  Prompt,
  prompt,
  RequestContext,
  Resource,
  resource,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { askingPrompts, askingTools } from "./asking.ts"
import { changing, triggers } from "./changing.ts"

/** A 1×1 red PNG. */
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
/** A WAV header with no samples. */
const wav = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=="

/** The referee wants to see several notifications arrive apart, not in one burst. */
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 50))

const tools = [
  tool({ name: "test_simple_text", description: "Answers with one text" }, () => {
    return "This is a simple text response for testing."
  }),
  tool({ name: "test_image_content", description: "Answers with a PNG" }, () => Content.image(png, "image/png")),
  tool({ name: "test_audio_content", description: "Answers with a WAV" }, () => Content.audio(wav, "audio/wav")),
  tool({ name: "test_embedded_resource", description: "Answers with an embedded resource" }, () =>
    Content.embedded({
      uri: "test://embedded-resource",
      mimeType: "text/plain",
      text: "This is an embedded resource content."
    })
  ),
  tool({ name: "test_multiple_content_types", description: "Answers with text, image and resource" }, () => [
    Content.text("Multiple content types test:"),
    Content.image(png, "image/png"),
    Content.embedded({
      uri: "test://mixed-content-resource",
      mimeType: "application/json",
      text: JSON.stringify({ test: "data", value: 123 })
    })
  ]),
  tool({ name: "test_error_handling", description: "Always fails" }, () => {
    throw new ToolError("This tool intentionally returns an error for testing")
  }),
  tool({ name: "test_tool_with_progress", description: "Reports progress three times" }, async (_, { progress }) => {
    await progress(0, 100)
    await pause()
    await progress(50, 100)
    await pause()
    await progress(100, 100)
    return "Done in three steps."
  }),
  tool({ name: "test_tool_with_logging", description: "Sends three log messages" }, async (_, { log }) => {
    await log.info("Tool execution started")
    await pause()
    await log.info("Tool processing data")
    await pause()
    await log.info("Tool execution completed")
    return "Logged three messages."
  }),
  tool({ name: "test_logging_tool", description: "Logs, where the request asked for logs" }, async (_, { log }) => {
    await log.info("A message only those see who asked for it")
    return "Logged one message."
  }),
  tool({ name: "test_reconnection", description: "Lets its client come back for the answer" }, function* () {
    yield* RequestContext.closeStream(100)
    yield* Effect.promise(pause)
    return "Here is the answer."
  }),
  tool({ name: "greet", description: "Greets, at once", input: { name: v.string() } }, ({ name }) => `Hello, ${name}!`),
  tool({ name: "test_streaming_elicitation", description: "Answers without asking anything" }, () => {
    return "Nothing to ask."
  }),
  tool(
    {
      name: "test_x_mcp_header",
      description: "Takes an argument that is mirrored in the Mcp-Param-Region header",
      input: { region: v.pipe(v.string(), v.metadata({ "x-mcp-header": "Region" })) }
    },
    ({ region }) => `The region is ${region}.`
  ),
  tool(
    {
      name: "json_schema_2020_12_tool",
      description: "Keeps every keyword of its input schema",
      input: jsonSchema({
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        $defs: {
          address: {
            $anchor: "addressDef",
            type: "object",
            properties: { street: { type: "string" }, city: { type: "string" } }
          }
        },
        properties: {
          name: { type: "string" },
          address: { $ref: "#/$defs/address" },
          contactMethod: { type: "string", enum: ["phone", "email"] },
          phone: { type: "string" },
          email: { type: "string" }
        },
        allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
        if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
        // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
        then: { required: ["phone"] },
        else: { required: ["email"] },
        additionalProperties: false
      })
    },
    () => "Accepted."
  )
]

const resources = [
  resource({ uri: "test://static-text", name: "static-text", mimeType: "text/plain" }, () => {
    return "This is the content of the static text resource."
  }),
  resource({ uri: "test://static-binary", name: "static-binary", mimeType: "image/png" }, () =>
    Resource.blob(Buffer.from(png, "base64"), { mimeType: "image/png" })
  ),
  resource({ uri: "test://watched-resource", name: "watched-resource", mimeType: "text/plain" }, () => {
    return "Clients subscribe to changes of this resource."
  }),
  resource({ uri: "test://template/{id}/data", name: "template", mimeType: "application/json" }, ({ id }) => ({
    id,
    templateTest: true,
    data: `Data for ID: ${id}`
  }))
]

const cities = ["paris", "park", "party"]

const prompts = [
  prompt({ name: "test_simple_prompt", description: "One user message" }, () => "This is a simple prompt for testing."),
  prompt(
    {
      name: "test_prompt_with_arguments",
      description: "Shows its two arguments",
      args: { arg1: v.string(), arg2: v.string() },
      complete: { arg1: (prefix: string) => cities.filter((city) => city.startsWith(prefix)) }
    },
    ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`
  ),
  prompt(
    {
      name: "test_prompt_with_embedded_resource",
      description: "Embeds the resource it is given",
      args: { resourceUri: v.string() }
    },
    ({ resourceUri }) => [
      Prompt.user(
        Content.embedded({
          uri: resourceUri,
          mimeType: "text/plain",
          text: "Embedded resource content for testing."
        })
      ),
      Prompt.user("Please process the embedded resource above.")
    ]
  ),
  prompt({ name: "test_prompt_with_image", description: "An image and a question about it" }, () => [
    Prompt.user(Content.image(png, "image/png")),
    Prompt.user("Please analyze the image above.")
  ])
]

/** What the official suite calls an "everything server", as far as mcpipe serves it today. */
export default server({ name: "mcpipe-conformance", version: "1.0.0" })
  .add(...tools, ...askingTools, ...triggers, ...resources, ...prompts, ...askingPrompts)
  .source(changing)
