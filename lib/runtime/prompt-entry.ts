import * as Effect from "effect/Effect"
import { contentRef, withUri } from "../builder/content.ts"
import { PublicError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import { type PromptResult, toMessages } from "../builder/messages.ts"
import type { PromptGet } from "../builder/middleware.ts"
import type { Prompt } from "../builder/prompt.ts"
import { timedOut } from "../builder/timeout.ts"
import { compile, Described, type Passage, type Start } from "./chain.ts"
import { completionOf } from "./completion.ts"
import type { PromptEntry } from "./entry.ts"
import { entryBase } from "./entry-base.ts"
import { InvalidArguments } from "./invalid-arguments.ts"
import { movedUri } from "./names.ts"
import type { Node } from "./node.ts"
import { originOf, type Place } from "./place.ts"
import { timed } from "./timed.ts"

type Args = Readonly<Record<string, string>>

/** Assembles a prompt as the node of a place serves it, with all that stands around its handler. */
export const promptEntry = (place: Place, id: string, start: Start): PromptEntry => {
  // written out: spreading takes most of the time of assembling many
  const { node, visible, uriOf, requestHooks } = entryBase(place)
  const origin = originOf(place).component as Prompt.Any
  return {
    id,
    name: place.name,
    node,
    place,
    visible,
    start: start.node,
    uriOf,
    requestHooks,
    type: "prompt",
    component: place.component as Prompt.Any,
    run: compile(coreOf(origin, place.name), place, start, passage),
    complete: completionOf(origin["~mcpipe/Component"].completions, place, start)
  }
}

class Got extends Described implements PromptGet {
  readonly name: string
  readonly args: Args
  readonly prompt: Prompt.Any
  constructor(place: Place, args: Args) {
    super(place)
    this.name = place.name
    this.args = args
    this.prompt = place.component as Prompt.Any
  }
}

const passage: Passage<Args, PromptResult> = {
  hook: "getPrompt",
  describe: (place) => (args) => new Got(place, args),
  accept: (call: PromptGet) => call.args,
  cross: (inner, from) => (args) => Effect.map(inner(args), (given) => translateRefs(given, from)),
  shaped: true
}

const translateRefs = (given: PromptResult, from: Node): PromptResult => {
  if (!given.messages.some(({ content }) => contentRef(content) !== undefined)) return given
  return {
    ...given,
    messages: given.messages.map((message) => {
      const ref = contentRef(message.content)
      return ref === undefined ? message : { ...message, content: withUri(message.content, movedUri(ref.uri, from)) }
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
