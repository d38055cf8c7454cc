import * as Effect from "effect/Effect"
import type { Form } from "../builder/form.ts"
import { formatIssues } from "../builder/issues.ts"
import type { QuestionOptions } from "../builder/questions.ts"
import {
  type AskRefused,
  type AskTimedOut,
  ClientUnsupported,
  ElicitationCancelled,
  ElicitationDeclined,
  InvalidAnswer
} from "./ask-errors.ts"
import type { Asks } from "./asks.ts"
import type { ElicitAnswer } from "./elicitation-answers.ts"
import { formRequest, isFormAnswer, unsupported } from "./elicitation-wire.ts"

/** Why a form was not filled in. */
export type FormFailure =
  | ElicitationDeclined
  | ElicitationCancelled
  | InvalidAnswer
  | ClientUnsupported
  | AskTimedOut
  | AskRefused

/**
 * Asks with a form until an answer decodes: an accepted answer that does not is asked for again, with what was wrong
 * under the message. Text that differs is another question to the client, and so is a key with its number behind it.
 */
export const askForm = Effect.fnUntraced(function* <A>(
  asks: Asks,
  message: string,
  form: Form<A>,
  { key, attempts = 3 }: QuestionOptions
): Effect.fn.Return<A, FormFailure> {
  checkMessage(message)
  if (!(Number.isInteger(attempts) && attempts >= 1 && attempts <= 10)) {
    throw new RangeError(
      `The question ${JSON.stringify(message)}: attempts is ${attempts}; use an integer from 1 to 10.`
    )
  }
  const refused = unsupported(asks, "form", message)
  if (refused !== undefined) return yield* Effect.fail(refused)
  let text = message
  for (let attempt = 1; ; attempt++) {
    const request = formRequest(asks.revision, text, form.requestedSchema)
    if (request instanceof ClientUnsupported) return yield* Effect.fail(request)
    const answer = (yield* asks.ask(request, {
      key,
      attempt,
      wellFormed: isFormAnswer
    })) as ElicitAnswer
    if (answer.action !== "accept") return yield* Effect.fail(notAccepted(answer, message))
    const decoded = form.decode(answer.content ?? {})
    if (decoded.ok) return decoded.value
    if (attempt >= attempts) return yield* Effect.fail(new InvalidAnswer(message, decoded.issues, attempts))
    text = `${message}\n\n${formatIssues("The last answer was not accepted", decoded.issues)}`
  }
})

/** The failure that a refused or dismissed question is. */
export const notAccepted = ({ action }: ElicitAnswer, message: string): ElicitationDeclined | ElicitationCancelled =>
  action === "decline" ? new ElicitationDeclined(message) : new ElicitationCancelled(message)

/** Throws where there is nothing to show to the user. */
export const checkMessage = (message: string): void => {
  if (typeof message !== "string" || message.trim() === "") {
    throw new TypeError("A question needs a message that says why it is asked: give a string that is not empty.")
  }
}
