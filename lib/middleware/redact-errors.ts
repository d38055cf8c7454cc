import * as Cause from "effect/Cause"
import type { ErrorClass } from "../builder/component.ts"
import { isPublicError } from "../builder/errors.ts"
import { isUrlElicitationRequired, UrlElicitationRequired } from "../services/elicitation-url.ts"
import type { RedactionRules } from "./redaction-rules.ts"

/**
 * A cause whose public errors, `declared` ones among them, have redacted messages and data, and are of the same classes; all
 * others are masked before clients see them, and whole in the log. The very cause where nothing was found.
 */
export const redactedCause = <E>(
  cause: Cause.Cause<E>,
  declared: ReadonlyArray<ErrorClass>,
  rules: RedactionRules
): Cause.Cause<unknown> => {
  let changed = false
  const reasons = cause.reasons.map((reason): Cause.Reason<unknown> => {
    if (Cause.isInterruptReason(reason)) return reason
    const error: unknown = Cause.isFailReason(reason) ? reason.error : reason.defect
    const isShown = isPublicError(error) || (error instanceof Error && declared.some((known) => error instanceof known))
    const clean = isShown ? redactedError(error, rules) : error
    if (clean === error) return reason
    changed = true
    const made = Cause.isFailReason(reason) ? Cause.makeFailReason(clean) : Cause.makeDieReason(clean)
    return made.annotate(Cause.reasonAnnotations(reason))
  })
  return changed ? Cause.fromReasons(reasons) : cause
}

/** Its URLs have to be visited, so that only the words around them change. */
const redactedError = (error: Error, rules: RedactionRules): unknown => {
  if (!isUrlElicitationRequired(error)) return rules.value(error)
  const words = error.elicitations.map(({ message }) => rules.text(message))
  if (words.every((word, index) => word === error.elicitations[index]!.message)) return error
  return new UrlElicitationRequired(error.elicitations.map((one, index) => ({ ...one, message: words[index]! })))
}
