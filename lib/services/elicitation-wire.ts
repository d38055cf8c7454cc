import type { RequestedSchema } from "../builder/form.ts"
import type { FormField } from "../builder/form-fields.ts"
import { shorten } from "../builder/issues.ts"
import { ClientUnsupported } from "./ask-errors.ts"
import type { AskRequest, Asks } from "./asks.ts"
import type { ElicitAnswer } from "./elicitation-answers.ts"

/** A question as errors quote it. */
export const quoted = (message: string): string => JSON.stringify(shorten(message, 200))

/**
 * Why a client cannot be asked in a mode, or undefined where it can. An `elicitation` without modes means forms
 * (MCP 2025-11-25 client/elicitation, "Capabilities"); forms came with 2025-06-18, URLs with 2025-11-25.
 */
export const unsupported = (asks: Asks, mode: "form" | "url", message: string): ClientUnsupported | undefined => {
  const { capabilities, revision } = asks
  const declared = capabilities["elicitation"]
  const supported =
    isObject(declared) &&
    (mode === "url"
      ? revision >= "2025-11-25" && isObject(declared["url"])
      : revision >= "2025-11-25"
        ? isObject(declared["form"]) || declared["url"] === undefined
        : revision >= "2025-06-18")
  if (supported) return undefined
  return mode === "url"
    ? new ClientUnsupported(`The question ${quoted(message)} needs elicitation by URL`, { elicitation: { url: {} } })
    : new ClientUnsupported(
        `The question ${quoted(message)} needs elicitation`,
        // one that has URLs alone would read {} as what it has
        { elicitation: isObject(declared) && revision >= "2025-11-25" ? { form: {} } : {} }
      )
}

/** A form as a revision words it; before 2025-11-25 it had no modes, titled choices, lists of choices or most defaults. */
export const formRequest = (
  revision: string,
  message: string,
  requestedSchema: RequestedSchema
): AskRequest | ClientUnsupported => {
  if (revision >= "2025-11-25") {
    return { method: "elicitation/create", params: { mode: "form", message, requestedSchema } }
  }
  const properties: Record<string, FormField> = {}
  for (const [name, field] of Object.entries(requestedSchema.properties)) {
    if (field.type === "array") {
      const what = `The question ${quoted(message)} lets several choices be made in ${JSON.stringify(name)}, which needs revision 2025-11-25`
      return new ClientUnsupported(what, { elicitation: {} })
    }
    properties[name] = before20251125(field)
  }
  return { method: "elicitation/create", params: { message, requestedSchema: { ...requestedSchema, properties } } }
}

const before20251125 = ({ oneOf, default: value, ...field }: FormField): FormField => ({
  ...field,
  ...(field.type === "boolean" && value !== undefined ? { default: value } : {}),
  ...(oneOf === undefined
    ? {}
    : { enum: oneOf.map((choice) => choice.const), enumNames: oneOf.map((choice) => choice.title) })
})

/** A visit as a revision words it: 2026-07-28 has no `elicitationId`. */
export const urlRequest = (revision: string, message: string, url: string, elicitationId: string): AskRequest => ({
  method: "elicitation/create",
  params: { mode: "url", message, url, ...(revision < "2026-07-28" ? { elicitationId } : {}) }
})

/** Whether a client's result is an answer to a form; content that is absent or `null` is an empty one. */
export const isFormAnswer = (u: unknown): u is ElicitAnswer =>
  isUrlAnswer(u) && (u.action !== "accept" || u.content === undefined || u.content === null || isObject(u.content))

/** Whether a client's result is an answer to a visit, which has no content. */
export const isUrlAnswer = (u: unknown): u is ElicitAnswer =>
  isObject(u) && (u["action"] === "accept" || u["action"] === "decline" || u["action"] === "cancel")

const isObject = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)
