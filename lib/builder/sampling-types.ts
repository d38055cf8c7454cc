import type { AudioContent, Content, ContentBlock, ImageContent, TextContent } from "./content.ts"
import type { InferOut, JsonSchemaDocument, ObjectInput } from "./schema.ts"
import type { Tool } from "./tool.ts"

/** A tool the model wants to call (MCP schema, "ToolUseContent"). */
export interface ToolUse {
  readonly type: "tool_use"
  /** Names this use within the conversation. */
  readonly id: string
  readonly name: string
  /** Arguments, as the model wrote them. */
  readonly input: Readonly<Record<string, unknown>>
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** What a tool gave, told to the model (MCP schema, "ToolResultContent"). */
export interface ToolUseResult {
  readonly type: "tool_result"
  /** The id of the `ToolUse` it answers. */
  readonly toolUseId: string
  readonly content: ReadonlyArray<ContentBlock>
  readonly structuredContent?: unknown
  readonly isError?: boolean | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** One piece of a sampled conversation, in wire shape (MCP schema, "SamplingMessageContentBlock"). */
export type SamplingContent = TextContent | ImageContent | AudioContent | ToolUse | ToolUseResult

/** One message of a sampled conversation; its content is always an array, whatever a revision sends. */
export interface SamplingMessage {
  readonly role: "user" | "assistant"
  readonly content: ReadonlyArray<SamplingContent>
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** A piece of a message: a string is text. Links and embedded resources are refused, as the protocol has none here. */
export type SamplingPart = string | Content | SamplingContent

/** A message as it may be given; `Prompt.user(…)`, `Prompt.assistant(…)` and the model's own answers are some. */
export interface SamplingMessageInput {
  readonly role: "user" | "assistant"
  readonly content: SamplingPart | ReadonlyArray<SamplingPart>
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

/** What to say to the model: strings and content that stand together are one message of the user. */
export type SamplingPrompt =
  | string
  | Content
  | SamplingMessageInput
  | ReadonlyArray<string | Content | SamplingMessageInput>

/** Which model to take; a client may decide otherwise (MCP client/sampling, "Model Preferences"). */
export interface ModelPreferences {
  /** Names or parts of names, such as `"claude"` or `"sonnet"`, the dearest first. */
  readonly hints?: ReadonlyArray<string | { readonly name: string }> | undefined
  /** How much low cost matters, 0 to 1. */
  readonly cost?: number | undefined
  /** How much speed matters, 0 to 1. */
  readonly speed?: number | undefined
  /** How much capability matters, 0 to 1. */
  readonly intelligence?: number | undefined
}

export interface SamplingOptions {
  /** Tokens the answer may have at most, a positive integer. Default 1024. */
  readonly maxTokens?: number | undefined
  /** The system prompt; a client may change it or leave it out. */
  readonly system?: string | undefined
  readonly modelPreferences?: ModelPreferences | undefined
  /** Texts at which the model stops. */
  readonly stopSequences?: ReadonlyArray<string> | undefined
  /** Randomness, 0 or more, in the scale of the model. */
  readonly temperature?: number | undefined
  /** JSON passed on to whoever runs the model; its form is theirs. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /**
   * Name of this ask within its call, which tells it from equal ones; what is asked has to be the same in each round all the
   * same. 1 to 128 letters, digits, `_`, `.` or `-`.
   */
  readonly key?: string | undefined
}

/** Whether the model may, must or must not use tools (MCP schema, "ToolChoice"). */
export type ToolChoice = "auto" | "required" | "none"

/** A tool as a model sees it (MCP schema, "Tool"). */
export interface SamplingTool {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly inputSchema: JsonSchemaDocument
}

/** A sampling request, checked, in the words of the protocol (MCP schema, "CreateMessageRequestParams"). */
export interface SamplingRequest {
  readonly messages: ReadonlyArray<SamplingMessage>
  readonly maxTokens: number
  readonly systemPrompt?: string | undefined
  readonly modelPreferences?:
    | {
        readonly hints?: ReadonlyArray<{ readonly name: string }> | undefined
        readonly costPriority?: number | undefined
        readonly speedPriority?: number | undefined
        readonly intelligencePriority?: number | undefined
      }
    | undefined
  readonly stopSequences?: ReadonlyArray<string> | undefined
  readonly temperature?: number | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly tools?: ReadonlyArray<SamplingTool> | undefined
  readonly toolChoice?: { readonly mode: ToolChoice } | undefined
}

/** What a model answered (MCP schema, "CreateMessageResult"); its content is always an array. */
export interface SamplingAnswer extends SamplingMessage {
  /** Name of the model that answered. */
  readonly model: string
  /** `"endTurn"`, `"stopSequence"`, `"maxTokens"`, `"toolUse"` or a word of the model's own. */
  readonly stopReason?: string | undefined
}

/** An answer as a server-side model or a test gives it: a string is the whole text. */
export type SamplingReply =
  | string
  | {
      readonly content: SamplingPart | ReadonlyArray<SamplingPart>
      /** Default `"assistant"`. */
      readonly role?: "user" | "assistant" | undefined
      /** Default `"server"`. */
      readonly model?: string | undefined
      readonly stopReason?: string | undefined
    }

export interface SamplingToolOptions {
  readonly tools?: ReadonlyArray<SamplingTool | Tool.Any> | undefined
  readonly toolChoice?: ToolChoice | undefined
}

/** What to ask in one turn; with tools, what the model wants of them is in the answer and yours to do. */
export interface SamplingMessageRequest extends SamplingOptions, SamplingToolOptions {
  readonly prompt: SamplingPrompt
}

export interface SamplingObjectOptions extends SamplingOptions {
  /** How often it is asked until an answer is valid, 1 to 10. Default 3. */
  readonly attempts?: number | undefined
}

export interface SamplingRunOptions<Tools extends ReadonlyArray<Tool.Any>> extends SamplingOptions {
  /**
   * Tool values, run here with the services of this call. No middleware runs around them and their `timeout` does not
   * apply: they are called by your code, not by a client.
   */
  readonly tools: Tools
  /** How often the model may speak, 1 to 100; in the last turn it is told to use no tools. Default 10. */
  readonly maxTurns?: number | undefined
  /** Tools that run at the same time where the model wants several in one turn. Default `"unbounded"`. */
  readonly concurrency?: number | "unbounded" | undefined
  /** Whether the model must use a tool in its first turn. Default `"auto"`: as it likes. */
  readonly toolChoice?: "auto" | "required" | undefined
}

/** What to run: a prompt, or under another name the messages of a conversation. */
export type SamplingRunRequest<Tools extends ReadonlyArray<Tool.Any>> = SamplingRunOptions<Tools> &
  (
    | { readonly prompt: SamplingPrompt; readonly messages?: undefined }
    | { readonly messages: SamplingPrompt; readonly prompt?: undefined }
  )

/** How a run of the model with tools ended. */
export interface SamplingRun {
  /** The text of the last answer; empty where it has none. */
  readonly text: string
  /** The last answer, whole. */
  readonly message: SamplingAnswer
  /** The whole conversation, uses of tools and their results and the last answer included. */
  readonly messages: ReadonlyArray<SamplingMessage>
  /** How often the model spoke. */
  readonly turns: number
}

/** `Sampling`, as promises: rejects with its failures, and never settles once the call is suspended. */
export interface SampleShorthand {
  /** The text of the model's answer; see `Sampling.text`. */
  (prompt: SamplingPrompt, options?: SamplingOptions): Promise<string>
  /** The model's whole answer. */
  readonly message: (request: SamplingMessageRequest) => Promise<SamplingAnswer>
  /** A value of a schema, asked for again while it is invalid. */
  readonly object: <const S extends ObjectInput>(
    prompt: SamplingPrompt,
    schema: S,
    options?: SamplingObjectOptions
  ) => Promise<InferOut<S>>
  /** Lets the model use tools until it answers without; see `Sampling.run`. */
  readonly run: <const Tools extends ReadonlyArray<Tool.Any>>(
    request: SamplingRunRequest<Tools>
  ) => Promise<SamplingRun>
}
