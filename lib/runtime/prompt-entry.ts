import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { PublicError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import { type PromptResult, toMessages } from "../builder/messages.ts"
import type { PromptGet } from "../builder/middleware.ts"
import type { Prompt } from "../builder/prompt.ts"
import { timedOut } from "../builder/timeout.ts"
import { mountUri } from "../builder/uri-template.ts"
import { compile, type Level, startOf } from "./chain.ts"
import { completionOf } from "./completion.ts"
import type { PromptEntry } from "./entry.ts"
import { InvalidArguments } from "./invalid-arguments.ts"
import { idOf, mountedName, requestHooksOf, rootUriOf } from "./names.ts"
import { ancestry, type Node } from "./node.ts"
import { timed } from "./timed.ts"

type Args = Readonly<Record<string, string>>

/** Assembles a prompt of a node, with all middleware around it. */
export const promptEntry = (prompt: Prompt.Any, node: Node): PromptEntry => {
  const levels = ancestry(node).map((at) => levelOf(prompt, node, at))
  const start = startOf(node)
  const name = mountedName(prompt.name, node)
  return {
    type: "prompt",
    id: idOf(prompt, node),
    name,
    node,
    component: prompt,
    start,
    uriOf: rootUriOf(node),
    requestHooks: requestHooksOf(node, (at) => {
      const local = mountedName(prompt.name, node, at)
      return () => local
    }),
    run: compile(coreOf(prompt, name), "getPrompt", levels, start),
    complete: completionOf(prompt, prompt["~mcpipe/Component"].completions, node, start)
  }
}

const levelOf = (prompt: Prompt.Any, owner: Node, at: Node): Level<Args, PromptResult> => {
  const name = mountedName(prompt.name, owner, at)
  return {
    node: at,
    describe: (args): PromptGet => ({ name, args, prompt }),
    accept: (call: PromptGet) => call.args,
    enter: undefined,
    leave: at.namespace === undefined ? undefined : (given) => translateRefs(given, at.namespace!)
  }
}

const translateRefs = (given: PromptResult, namespace: string): PromptResult => {
  if (!given.messages.some(({ content }) => contentRef(content) !== undefined)) return given
  return {
    ...given,
    messages: given.messages.map((message) => {
      const ref = contentRef(message.content)
      return ref === undefined
        ? message
        : { ...message, content: withUri(message.content, mountUri(namespace, ref.uri)) }
    })
  }
}

/** `name` is the prompt's as clients know it, for messages. */
const coreOf = (prompt: Prompt.Any, name: string) => {
  const { invoke } = prompt["~mcpipe/Component"]
  const { timeout, input } = prompt
  const subject = `prompt ${JSON.stringify(name)}`
  return (args: Args): Effect.Effect<PromptResult, unknown, any> => {
    const decoded = input.decode(args)
    if (!decoded.ok)
      return Effect.fail(new InvalidArguments(formatIssues(`Invalid arguments for ${subject}`, decoded.issues)))
    const called = Effect.map(invoke(decoded.value), toMessages)
    return timeout === undefined
      ? called
      : timed(called, timeout, () => new PublicError(timedOut(`The ${subject}`, timeout)))
  }
}
