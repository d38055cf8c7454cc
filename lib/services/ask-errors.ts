import { ToolError } from "../builder/errors.ts"
import { formatIssues } from "../builder/issues.ts"
import type { Issue } from "../builder/schema.ts"

/** The user said no to a form or URL. Public: uncaught in a tool, the model reads its message. */
export class ElicitationDeclined extends ToolError {
  override readonly name: string = "ElicitationDeclined"
  readonly _tag = "ElicitationDeclined"
  /** What was asked. */
  readonly question: string
  constructor(question: string) {
    super(`The user declined to answer: ${question}`)
    this.question = question
  }
}

/** The user dismissed a form or URL without a choice. Public: uncaught in a tool, the model reads its message. */
export class ElicitationCancelled extends ToolError {
  override readonly name: string = "ElicitationCancelled"
  readonly _tag = "ElicitationCancelled"
  /** What was asked. */
  readonly question: string
  constructor(question: string) {
    super(`The user dismissed the question: ${question}`)
    this.question = question
  }
}

/** Every answer to a question was invalid, however often it was asked. Public. */
export class InvalidAnswer extends ToolError {
  override readonly name: string = "InvalidAnswer"
  readonly _tag = "InvalidAnswer"
  readonly question: string
  /** What was wrong with the last answer. */
  readonly issues: ReadonlyArray<Issue>
  constructor(question: string, issues: ReadonlyArray<Issue>, attempts: number) {
    const to = `to ${JSON.stringify(question)}`
    const what = attempts === 1 ? `The answer ${to} was invalid` : `${attempts} answers in a row ${to} were invalid`
    super(formatIssues(what, issues))
    this.question = question
    this.issues = issues
  }
}

/**
 * The client cannot be asked this: it did not declare the capability, or its revision or connection has no way to ask.
 * Public; uncaught on 2026-07-28 it is error -32021 with `requiredCapabilities` (basic/index, "Capabilities").
 */
export class ClientUnsupported extends ToolError {
  override readonly name: string = "ClientUnsupported"
  readonly _tag = "ClientUnsupported"
  /** What the client would have to declare, in the shape of `ClientCapabilities`. */
  readonly requiredCapabilities: Readonly<Record<string, unknown>>
  constructor(what: string, requiredCapabilities: Readonly<Record<string, unknown>>) {
    super(`${what}; this client does not support that here.`)
    this.requiredCapabilities = requiredCapabilities
  }
}

/** The client did not answer a question in time. Public. */
export class AskTimedOut extends ToolError {
  override readonly name: string = "AskTimedOut"
  readonly _tag = "AskTimedOut"
  readonly method: string
  /** How long it was waited for. */
  readonly millis: number
  constructor(method: string, millis: number) {
    super(`The client did not answer ${method} within ${millis} ms.`)
    this.method = method
    this.millis = millis
  }
}

/** The client answered a question with an error of its own, or went away before it answered. Public. */
export class AskRefused extends ToolError {
  override readonly name: string = "AskRefused"
  readonly _tag = "AskRefused"
  readonly method: string
  /** The JSON-RPC code of the client's error; undefined where there was no answer. */
  readonly clientCode: number | undefined
  constructor(method: string, why: string, clientCode?: number) {
    super(`The client did not answer ${method}: ${why}`)
    this.method = method
    this.clientCode = clientCode
  }
}
