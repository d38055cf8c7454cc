import * as Effect from "effect/Effect"
import * as v from "valibot"
import { formatIssues, makeIssue, shorten, shortJson } from "../builder/issues.ts"
import {
  type Decoded,
  type InferOut,
  isSchema,
  type JsonSchemaDocument,
  type ObjectInput,
  type Schema
} from "../builder/schema.ts"
import { isValibotSchema } from "../builder/schema-closed.ts"
import { checkEntries, fromValibot } from "../builder/valibot-schema.ts"
import { InvalidAnswer } from "./ask-errors.ts"
import { isToolUse, textOf } from "./sampling-content.ts"
import type { SamplingError } from "./sampling-errors.ts"
import { findJson } from "./sampling-json.ts"
import type { Port } from "./sampling-port.ts"
import { toRequest } from "./sampling-request.ts"
import type {
  SamplingAnswer,
  SamplingMessage,
  SamplingObjectOptions,
  SamplingPrompt
} from "../builder/sampling-types.ts"

/** Asks for JSON of a schema until an answer is valid; each invalid one is answered with what is wrong with it. */
export const askForObject = <S extends ObjectInput>(
  port: Port,
  prompt: SamplingPrompt,
  given: S,
  options: SamplingObjectOptions
): Effect.Effect<InferOut<S>, SamplingError | InvalidAnswer> => {
  const { attempts = 3, key } = options
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 10) {
    throw new RangeError(`Sampling.object: attempts is ${attempts}; it must be an integer from 1 to 10.`)
  }
  const schema = schemaOf(given)
  const request = toRequest(
    prompt,
    { ...options, system: jsonInstructions(options.system, schema.jsonSchema) },
    "Sampling.object"
  )
  const ask = (
    messages: ReadonlyArray<SamplingMessage>,
    attempt: number
  ): Effect.Effect<InferOut<S>, SamplingError | InvalidAnswer> =>
    Effect.flatMap(port.answer({ ...request, messages }, key, attempt), (answer) => {
      const decoded = decode(answer, schema)
      if (decoded.ok) return Effect.succeed(decoded.value as InferOut<S>)
      const { issues } = decoded
      if (attempt === attempts) {
        return Effect.fail(new InvalidAnswer(questionOf(request.messages), issues, attempts))
      }
      const said = answer.content.filter((piece) => !isToolUse(piece))
      const objection = `${formatIssues("That answer cannot be used", issues)}\nAnswer again, with the corrected JSON alone.`
      return ask(
        [
          ...messages,
          ...(said.length === 0 ? [] : [{ role: "assistant" as const, content: said }]),
          { role: "user", content: [{ type: "text", text: objection }] }
        ],
        attempt + 1
      )
    })
  return ask(request.messages, 1)
}

/** What was asked, in one line. */
export const questionOf = (messages: ReadonlyArray<SamplingMessage>): string => {
  const text = messages.flatMap(({ content }) => textOf(content) ?? []).join(" ")
  return text === "" ? "a prompt without text" : shorten(text.replace(/\s+/g, " ").trim(), 200)
}

const decode = (answer: SamplingAnswer, schema: Schema<unknown, unknown>): Decoded<unknown> => {
  const text = textOf(answer.content)
  const json = text === undefined ? undefined : findJson(text)
  if (json?.found) return schema.decode(json.value)
  const cut = answer.stopReason === "maxTokens" ? ", cut off at the limit of tokens" : ""
  return { ok: false, issues: [makeIssue([], "JSON", `${shortJson(text)}${cut}`)] }
}

const schemas = new WeakMap<object, Schema<any, any>>()

/** Converting takes longer than asking; a schema is mostly made once and used in every call. */
const schemaOf = (given: ObjectInput): Schema<any, any> => {
  if (isSchema(given)) return given
  let schema = typeof given === "object" && given !== null ? schemas.get(given) : undefined
  if (schema === undefined) {
    const whole = isValibotSchema(given) ? given : v.strictObject(checkEntries(given, "Sampling.object"))
    schema = fromValibot(whole, "input", "Sampling.object")
    schemas.set(given, schema)
  }
  return schema
}

/** A system prompt that asks for JSON of a schema, after what it says already. */
export const jsonInstructions = (system: string | undefined, document: JsonSchemaDocument): string => {
  const ask =
    "Answer with one JSON value alone: no words around it, no code fence. It must be valid against this JSON Schema:\n" +
    JSON.stringify(document)
  return system === undefined || system === "" ? ask : `${system}\n\n${ask}`
}
