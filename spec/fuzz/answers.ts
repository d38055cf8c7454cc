import assert from "node:assert/strict"
import { leaksOf } from "../bad-input/leaks.ts"
import type { Era } from "./arbitraries.ts"
import { errorCodes } from "./oracle.ts"

const isMembers = (u: unknown): u is Readonly<Record<string, any>> =>
  typeof u === "object" && u !== null && !Array.isArray(u)

const only = (members: object, ...known: ReadonlyArray<string>): boolean =>
  Object.keys(members).every((key) => known.includes(key))

const codes = { handshake: errorCodes("handshake"), sessionless: errorCodes("sessionless") }

/** Fails unless this is one JSON-RPC response as one of the eras writes them. */
export const checkAnswer = (answer: unknown, eras: ReadonlyArray<Era>): void => {
  assert.ok(isMembers(answer), "an answer is an object")
  assert.equal(answer["jsonrpc"], "2.0")
  assert.ok(only(answer, "jsonrpc", "id", "result", "error"), `an answer has no other members: ${Object.keys(answer)}`)
  assert.notEqual("result" in answer, "error" in answer, "an answer has a result or an error")
  if ("result" in answer) {
    assert.ok("id" in answer, "a result has an id")
    assert.ok(isMembers(answer["result"]), "a result is an object")
    const stamped = answer["result"]["resultType"] !== undefined
    assert.ok(eras.includes(stamped ? "sessionless" : "handshake"), `the result is of one of ${eras}`)
  } else {
    const { error } = answer
    assert.ok(isMembers(error) && only(error, "code", "message", "data"), "an error is { code, message, data }")
    assert.ok(
      eras.some((era) => codes[era].has(error["code"])),
      `${error["code"]} is a code of ${eras}`
    )
    assert.ok(typeof error["message"] === "string" && error["message"] !== "", "an error has a message")
  }
  assert.deepEqual(leaksOf(withoutTokens(answer)), [], "nothing internal is shown")
}

/** Fails unless this is a notification that the fixture may cause. */
export const checkNotification = (notification: unknown): void => {
  assert.ok(isMembers(notification) && only(notification, "jsonrpc", "method", "params"), "a notification has no id")
  assert.ok(notifications.includes(notification["method"]), `${notification["method"]} is a notification of ours`)
  assert.deepEqual(leaksOf(withoutTokens(notification)), [], "nothing internal is shown")
}

const notifications = [
  "notifications/progress",
  "notifications/message",
  "notifications/cancelled",
  "notifications/subscriptions/acknowledged"
]

/** Fails unless this asks the client what tools and prompts of the fixture ask. */
export const checkAsk = (ask: unknown): void => {
  assert.ok(isMembers(ask) && only(ask, "jsonrpc", "id", "method", "params"), "a request has no other members")
  assert.ok(["elicitation/create", "sampling/createMessage", "roots/list"].includes(ask["method"]))
  assert.ok(typeof ask["id"] === "string" && ask["id"] !== "", "a request has an id")
  assert.deepEqual(leaksOf(withoutTokens(ask)), [], "nothing internal is shown")
}

export const isNotification = (message: any): boolean => message?.method !== undefined && !("id" in message)

export const isAsk = (message: any): boolean => message?.method !== undefined && "id" in message

/** The id of the `subscriptions/listen` that this begins to answer; undefined for anything else. */
export const acknowledged = (message: any): unknown =>
  message?.method === "notifications/subscriptions/acknowledged"
    ? message.params?._meta?.["io.modelcontextprotocol/subscriptionId"]
    : undefined

/** Ids and progress tokens are the client's own, and go back as they came. */
const withoutTokens = (message: unknown): string =>
  JSON.stringify(message, (key, value) => (tokens.includes(key) ? undefined : value))

const tokens = ["id", "progressToken", "io.modelcontextprotocol/subscriptionId"]
