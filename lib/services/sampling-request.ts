import type { Tool } from "../builder/tool.ts"
import { isRecord } from "./sampling-content.ts"
import { toMessages, usesTools, wireMessages } from "./sampling-messages.ts"
import type {
  ModelPreferences,
  SamplingOptions,
  SamplingPrompt,
  SamplingRequest,
  SamplingTool,
  SamplingToolOptions
} from "../builder/sampling-types.ts"

/** A request, checked; throws a TypeError or RangeError that says what is wrong, with `where` in front. */
export const toRequest = (
  prompt: SamplingPrompt,
  options: SamplingOptions & SamplingToolOptions,
  where: string
): SamplingRequest => {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${where}: the options must be an object, such as { maxTokens: 200 }.`)
  }
  const { maxTokens = 1024, system, modelPreferences, stopSequences, temperature, metadata, key } = options
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new RangeError(`${where}: maxTokens is ${maxTokens}; it must be a positive integer.`)
  }
  if (temperature !== undefined && !(Number.isFinite(temperature) && temperature >= 0)) {
    throw new RangeError(`${where}: temperature is ${temperature}; it must be 0 or more.`)
  }
  if (system !== undefined && typeof system !== "string") throw new TypeError(`${where}: system must be a string.`)
  if (stopSequences !== undefined && !isStrings(stopSequences)) {
    throw new TypeError(`${where}: stopSequences must be an array of strings.`)
  }
  if (metadata !== undefined && !isRecord(metadata)) throw new TypeError(`${where}: metadata must be a JSON object.`)
  // the engine's own rule, with room for a number behind the key
  if (key !== undefined && !/^[A-Za-z0-9_.-]{1,120}$/.test(key)) {
    throw new RangeError(`${where}: the key is ${JSON.stringify(key)}; use 1 to 120 letters, digits, "_", "." or "-".`)
  }
  return {
    messages: toMessages(prompt, where),
    maxTokens,
    ...defined("systemPrompt", system === "" ? undefined : system),
    ...defined("modelPreferences", modelPreferences && preferencesOf(modelPreferences, where)),
    ...defined("stopSequences", stopSequences),
    ...defined("temperature", temperature),
    ...defined("metadata", metadata),
    ...toolsOf(options, where)
  }
}

/** Whether a request needs a client whose model uses tools. */
export const needsTools = ({ tools, toolChoice, messages }: SamplingRequest): boolean =>
  tools !== undefined || toolChoice !== undefined || messages.some(usesTools)

/** The parameters of `sampling/createMessage` as a revision sends them. */
export const paramsOf = (request: SamplingRequest, revision: string): Readonly<Record<string, unknown>> => ({
  ...request,
  messages: wireMessages(request.messages, revision)
})

const toolsOf = (
  { tools, toolChoice }: SamplingToolOptions,
  where: string
): Pick<SamplingRequest, "tools" | "toolChoice"> => {
  if (tools === undefined || tools.length === 0) return {}
  const names = tools.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new TypeError(`${where}: two tools are called ${JSON.stringify(twice)}; give each a name of its own.`)
  return { tools: tools.map(toolOf), ...defined("toolChoice", toolChoice && { mode: toolChoice }) }
}

const toolOf = (tool: SamplingTool | Tool.Any): SamplingTool => ({
  name: tool.name,
  ...defined("title", tool.title),
  ...defined("description", tool.description),
  inputSchema: "inputSchema" in tool ? tool.inputSchema : tool.input.jsonSchema
})

const preferencesOf = (
  { hints, cost, speed, intelligence }: ModelPreferences,
  where: string
): SamplingRequest["modelPreferences"] => {
  for (const [name, value] of Object.entries({ cost, speed, intelligence })) {
    if (value !== undefined && !(value >= 0 && value <= 1)) {
      throw new RangeError(`${where}: modelPreferences.${name} is ${value}; it must be between 0 and 1.`)
    }
  }
  return {
    ...defined(
      "hints",
      hints?.map((hint) => (typeof hint === "string" ? { name: hint } : { name: hint.name }))
    ),
    ...defined("costPriority", cost),
    ...defined("speedPriority", speed),
    ...defined("intelligencePriority", intelligence)
  }
}

const isStrings = (u: unknown): boolean => Array.isArray(u) && u.every((item) => typeof item === "string")

const defined = <K extends string, A>(key: K, value: A | undefined): { readonly [P in K]?: A } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: A })
