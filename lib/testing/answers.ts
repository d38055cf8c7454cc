import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ElicitAnswer, ElicitRequest } from "../services/elicitation-answers.ts"
import type { ElicitScript } from "../services/elicitation-script.ts"
import { isUrlAnswer, quoted } from "../services/elicitation-wire.ts"
import type { Root } from "../services/roots.ts"
import { replyOf } from "../services/sampling-messages.ts"
import { questionOf } from "../services/sampling-object.ts"
import type { SamplingMessage, SamplingReply, SamplingRequest } from "../builder/sampling-types.ts"

type Params = Readonly<Record<string, any>>
type Given<A> = A | PromiseLike<A> | Effect.Effect<A, unknown>

/** Answers of a model in the order they are asked for, or what answers each request. */
export type SamplingScript = ReadonlyArray<SamplingReply> | ((request: SamplingRequest) => Given<SamplingReply>)

/** The client's roots, or what gives them each time. */
export type RootsScript = ReadonlyArray<Root> | (() => Given<ReadonlyArray<Root>>)

/** Who plays the user, the model and the file system. */
export interface Scripts {
  /** Answers to questions: in order, or from a function of the question. Declares `elicitation: { form: {}, url: {} }`. */
  readonly elicitation?: ElicitScript | undefined
  /** Answers of the client's model: in order, or from a function of the request. Declares `sampling: { tools: {} }`. */
  readonly sampling?: SamplingScript | undefined
  /** What `Roots.list` gives. Declares `roots: {}`. */
  readonly roots?: RootsScript | undefined
}

/** What a client with these scripts declares. */
export const capabilitiesOf = ({ elicitation, sampling, roots }: Scripts): Readonly<Record<string, unknown>> => ({
  ...(elicitation === undefined ? undefined : { elicitation: { form: {}, url: {} } }),
  ...(sampling === undefined ? undefined : { sampling: { tools: {} } }),
  ...(roots === undefined ? undefined : { roots: {} })
})

/** The raw result for a request of the server; rejects with an error that names the question. */
export type Answering = (method: string, params: Params) => Promise<unknown>

/** Answers by scripts; Effects among them run in `context`. */
export const answering = (scripts: Scripts, context: Context.Context<never>): Answering => {
  const elicited = script("elicitation", "[accept({ … })]", scripts.elicitation, context)
  const sampled = script("sampling", '["…"]', scripts.sampling, context)
  const roots = Array.isArray(scripts.roots) ? () => scripts.roots : scripts.roots
  const rooted = script("roots", "[]", roots as undefined | (() => unknown), context)
  return async (method, params) => {
    switch (method) {
      case "elicitation/create": {
        const question = { mode: "form", ...params } as ElicitRequest
        return elicited(quoted(question.message), question, answerOf)
      }
      case "sampling/createMessage": {
        const request = requestOf(params)
        return sampled(JSON.stringify(questionOf(request.messages)), request, messageOf)
      }
      case "roots/list":
        return rooted("roots/list", undefined, rootsOf)
      case "ping":
        return {}
      default:
        throw new Error(`The server sent ${method}, which a test client does not know.`)
    }
  }
}

type Ask<Q> = (name: string, question: Q, read: (given: unknown) => unknown) => Promise<unknown>

/** One script: counts what it is asked, and names it where it has no answer. */
const script = <Q>(
  option: keyof Scripts,
  example: string,
  given: ReadonlyArray<unknown> | ((question: Q) => unknown) | undefined,
  context: Context.Context<never>
): Ask<Q> => {
  let asked = 0
  return async (name, question, read) => {
    const number = ++asked
    if (given === undefined) {
      throw new Error(
        `The server asked ${name}, and connect was given nobody to answer: pass { ${option}: ${example} }.`
      )
    }
    if (typeof given !== "function" && number > given.length) {
      const has = given.length === 1 ? "1 answer" : `${given.length} answers`
      throw new Error(`The ${option} script has ${has}, and was asked once more: ${name}. Add an answer to it.`)
    }
    try {
      const answer = typeof given === "function" ? given(question) : given[number - 1]
      const settled = Effect.isEffect(answer)
        ? Effect.runPromiseWith(context)(answer as Effect.Effect<unknown, unknown>)
        : answer
      return read(await settled)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`The ${option} script failed at question ${number}, ${name}: ${why}`, { cause })
    }
  }
}

const answerOf = (given: unknown): ElicitAnswer => {
  if (isUrlAnswer(given)) return given
  throw new TypeError("its answer is none; use accept({ … }), decline() or cancel().")
}

/** A request in the words of `SamplingRequest`, whose content is always an array. */
const requestOf = (params: Params): SamplingRequest => {
  const messages = (params["messages"] as ReadonlyArray<Params>).map((message) => ({
    ...message,
    content: Array.isArray(message["content"]) ? message["content"] : [message["content"]]
  }))
  return { ...(params as SamplingRequest), messages: messages as unknown as ReadonlyArray<SamplingMessage> }
}

/** As clients have always sent it: one piece alone, several as an array. */
const messageOf = (given: unknown): object => {
  const reply = (typeof given === "string" ? { content: given } : given) as Exclude<SamplingReply, string>
  const { content, ...answer } = replyOf({ model: "test", ...reply }, "the answer")
  return { ...answer, content: content.length === 1 ? content[0] : content }
}

const rootsOf = (given: unknown): object => {
  if (Array.isArray(given)) return { roots: given }
  throw new TypeError('it gave no array of roots; use [{ uri: "file:///…" }].')
}
