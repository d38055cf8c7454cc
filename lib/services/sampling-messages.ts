import { isRecord, isSamplingContent, isToolUse, isToolUseResult, toContent } from "./sampling-content.ts"
import type {
  SamplingAnswer,
  SamplingContent,
  SamplingMessage,
  SamplingMessageInput,
  SamplingPart,
  SamplingPrompt,
  SamplingReply
} from "../builder/sampling-types.ts"

/** The messages of a prompt, as plain JSON; throws a TypeError that names the place, with `where` in front. */
export const toMessages = (prompt: SamplingPrompt, where: string): ReadonlyArray<SamplingMessage> => {
  const messages: Array<SamplingMessage> = []
  let mine: Array<SamplingContent> | undefined
  const items = Array.isArray(prompt) ? (prompt as ReadonlyArray<unknown>) : [prompt]
  for (const [index, item] of items.entries()) {
    const place = Array.isArray(prompt) ? `${where}, prompt[${index}]` : `${where}, prompt`
    if (isRecord(item) && "role" in item) {
      messages.push(messageOf(item as unknown as SamplingMessageInput, place))
      mine = undefined
      continue
    }
    const piece = toContent(item as SamplingPart, place)
    if (mine === undefined) {
      mine = []
      messages.push({ role: "user", content: mine })
    }
    mine.push(piece)
  }
  if (messages.length === 0)
    throw new TypeError(`${where}: the prompt is empty; give a string or at least one message.`)
  checkToolUses(messages, where)
  return messages
}

const messageOf = ({ role, content, _meta }: SamplingMessageInput, where: string): SamplingMessage => {
  if (role !== "user" && role !== "assistant") {
    throw new TypeError(`${where}: role is ${JSON.stringify(role)}; it must be "user" or "assistant".`)
  }
  const pieces = partsOf(content).map((part) => toContent(part, where))
  if (pieces.length === 0) throw new TypeError(`${where}: its content is empty; give it text or leave the message out.`)
  return _meta === undefined ? { role, content: pieces } : { role, content: pieces, _meta }
}

const partsOf = (content: SamplingPart | ReadonlyArray<SamplingPart>): ReadonlyArray<SamplingPart> =>
  Array.isArray(content) ? content : [content as SamplingPart]

/** MCP client/sampling, "Tool Use": results stand alone in the message after the uses, one for each. */
const checkToolUses = (messages: ReadonlyArray<SamplingMessage>, where: string): void => {
  let open: ReadonlyArray<string> = []
  for (const { role, content } of messages) {
    if (content.some(role === "user" ? isToolUse : isToolUseResult)) {
      throw new TypeError(`${where}: uses of tools are the assistant's, and their results the user's; change the role.`)
    }
    const given = content.filter(isToolUseResult).map(({ toolUseId }) => toolUseId)
    if (given.length > 0 && given.length < content.length) {
      throw new TypeError(
        `${where}: a message with results of tools may hold nothing else; put the rest in the next one.`
      )
    }
    const missing = open.find((id) => !given.includes(id))
    if (missing !== undefined) {
      throw new TypeError(
        `${where}: the tool use ${JSON.stringify(missing)} has no tool_result in the message after it.`
      )
    }
    const odd = given.find((id, index) => !open.includes(id) || given.indexOf(id) !== index)
    if (odd !== undefined) {
      throw new TypeError(
        `${where}: the tool_result ${JSON.stringify(odd)} answers no tool use of the message before it.`
      )
    }
    open = content.filter(isToolUse).map(({ id }) => id)
  }
  if (open.length > 0)
    throw new TypeError(`${where}: the tool use ${JSON.stringify(open[0])} has no tool_result after it.`)
}

/** The first revision in which a message holds several pieces, and models use tools. */
export const toolRevision = "2025-11-25"

/** Messages as a revision sends them: before 2025-11-25 one piece each, so that several pieces are several messages. */
export const wireMessages = (messages: ReadonlyArray<SamplingMessage>, revision: string): ReadonlyArray<unknown> =>
  messages.flatMap((message): ReadonlyArray<unknown> => {
    const { content } = message
    if (revision < toolRevision) return content.map((piece) => ({ ...message, content: piece }))
    // what every client took before it took arrays
    return content.length === 1 && !usesTools(message) ? [{ ...message, content: content[0] }] : [message]
  })

/** Whether a message has a tool use or the result of one. */
export const usesTools = ({ content }: SamplingMessage): boolean =>
  content.some((piece) => isToolUse(piece) || isToolUseResult(piece))

/** Whether a client's raw result is an answer (MCP schema, "CreateMessageResult"). */
export const isAnswer = (u: unknown): boolean => {
  if (!isRecord(u)) return false
  const { role, model, stopReason, content } = u
  if ((role !== "user" && role !== "assistant") || typeof model !== "string") return false
  if (stopReason !== undefined && typeof stopReason !== "string") return false
  const pieces: ReadonlyArray<unknown> = Array.isArray(content) ? content : [content]
  if (!pieces.every(isSamplingContent)) return false
  // two uses of one id could not be answered apart
  const ids = pieces.filter(isToolUse).map(({ id }) => id)
  return new Set(ids).size === ids.length
}

/** An answer from a raw result that `isAnswer` took. */
export const answerOf = (raw: unknown): SamplingAnswer => {
  const { role, model, stopReason, content, _meta } = raw as SamplingAnswer
  return {
    role,
    content: Array.isArray(content) ? content : [content as unknown as SamplingContent],
    model,
    ...(stopReason === undefined ? undefined : { stopReason }),
    ...(_meta === undefined ? undefined : { _meta })
  }
}

/** An answer from what a server-side model or a test gave; throws a TypeError where that is none. */
export const replyOf = (reply: SamplingReply, where: string): SamplingAnswer => {
  const { content, role, model, stopReason } = typeof reply === "string" ? { content: reply } : { ...reply }
  if (content === undefined)
    throw new TypeError(`${where}: give a string or { content, model?, stopReason? } as the answer.`)
  const pieces = partsOf(content).map((part) => toContent(part, where))
  const raw = {
    role: role ?? "assistant",
    content: pieces,
    model: model ?? "server",
    stopReason: stopReason ?? (pieces.some(isToolUse) ? "toolUse" : "endTurn")
  }
  if (!isAnswer(raw))
    throw new TypeError(`${where}: the answer's role, model, stopReason or tool uses are not those of one.`)
  // as the journal will give it back
  return JSON.parse(JSON.stringify(raw))
}
