import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { isPublicError, isResourceNotFound } from "../../builder/errors.ts"
import { jsonText } from "../../builder/json-text.ts"
import { encodeReply } from "../../protocol/encode.ts"
import { type Refusal, refusal } from "../../protocol/reasons.ts"
import { isAuthRefusal } from "./authenticate.ts"
import { internalError, refusedReply } from "./core.ts"

/** What a route's handler came to, as a response. Failures without a public text are masked, and logged to stderr. */
export const responseOf = (exit: Exit.Exit<unknown, unknown>, path: string): Response => {
  if (Exit.isFailure(exit)) return failed(exit.cause, path)
  try {
    return toResponse(exit.value)
  } catch (error) {
    return refusedResponse(masked(path, error))
  }
}

/** A refusal of the server's own, worded as all of them are. */
export const refusedResponse = (refused: Refusal): Response => {
  const reply = refusedReply(refused)
  const headers = { ...reply.headers, "content-type": "application/json" }
  return withLength(encodeReply(reply) as string, headers, reply.status)
}

/** The answer of the health check. */
export const healthResponse = (draining: boolean): Response => {
  const headers = { "content-type": "application/json", "cache-control": "no-store" }
  return draining ? withLength('{"status":"draining"}', headers, 503) : withLength('{"status":"ok"}', headers, 200)
}

const toResponse = (value: unknown): Response => {
  if (isResponse(value)) {
    if (value.bodyUsed) throw new TypeError("The body of the Response that the handler gave was read already.")
    if (value.status < 200)
      throw new TypeError("The handler gave a Response that says that there is none (Response.error()).")
    return value
  }
  if (isAuthRefusal(value)) return refusedResponse(value)
  if (value === undefined) return new Response(null, { status: 204 })
  if (typeof value === "string") return withLength(value, { "content-type": "text/plain; charset=utf-8" }, 200)
  if (isBody(value)) throw new TypeError("The handler gave a body without a Response; return new Response(body).")
  return withLength(jsonText(value), { "content-type": "application/json" }, 200)
}

const encoder = new TextEncoder()

const withLength = (text: string, headers: Readonly<Record<string, string>>, status: number): Response => {
  const bytes = encoder.encode(text)
  return new Response(bytes, { status, headers: { ...headers, "content-length": `${bytes.length}` } })
}

const isBody = (value: unknown): boolean =>
  ArrayBuffer.isView(value) || bodies.includes(Object.prototype.toString.call(value))

const bodies = ["ArrayBuffer", "Blob", "File", "FormData", "ReadableStream", "URLSearchParams"].map(
  (tag) => `[object ${tag}]`
)

/** Also those of a copy of fetch that a program brings along. */
const isResponse = (value: unknown): value is Response => Object.prototype.toString.call(value) === "[object Response]"

const failed = (cause: Cause.Cause<unknown>, path: string): Response => {
  for (const reason of cause.reasons) {
    const error = Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : undefined
    if (isAuthRefusal(error)) return refusedResponse(error)
    if (isResourceNotFound(error)) return refusedResponse(refusal("not-found", error.message))
    if (isPublicError(error)) {
      const { message, code, data } = error
      return refusedResponse(refusal("public-error", message, { status: 500, code, data }))
    }
  }
  return refusedResponse(masked(path, Cause.squash(cause)))
}

const masked = (path: string, error: unknown): Refusal => internalError(`the route ${path} failed`, error)
