import type * as Fiber from "effect/Fiber"
import type { Component } from "../builder/component.ts"
import type { Running } from "./app.ts"
import type { Asking } from "./asking.ts"
import { DirectAsks } from "./direct-asks.ts"
import type { Operation } from "./operation.ts"
import { type Rehearse, rehearsal } from "./rehearsal.ts"
import { Replay, type Suspension } from "./replay.ts"
import type { Facts, LiveRequest } from "./request.ts"

/** How the runs of a call ask. */
export interface AskPlan {
  /** Makes what one run asks through; `stop` interrupts that run. */
  readonly make: (stop: () => void) => Asking
  readonly rehearse: Rehearse | undefined
}

/** How an operation asks its client; undefined where it cannot: in lists, completions and methods of extensions. */
export const askPlan = (
  running: Running,
  operation: Operation,
  { client, revision, channel }: Facts,
  request: LiveRequest
): AskPlan | undefined => {
  if (operation.type !== "tool" && operation.type !== "resource" && operation.type !== "prompt") return undefined
  const entry = operation.entry
  const { errors } = (entry.component as Component)["~mcpipe/Component"]
  const { capabilities } = client
  const callId = () => request.callId
  const track = (fiber: Fiber.Fiber<unknown, unknown>) => running.follow(fiber)
  if (channel.type === "direct") {
    const { send, notify } = channel
    return {
      make: () => new DirectAsks({ capabilities, revision, errors, callId, track, send, notify }),
      rehearse: undefined
    }
  }
  const { journal, responses } = channel
  const { maxRounds, checkDeterminism } = running.assembly.asking
  const options = { capabilities, revision, errors, callId, track, maxRounds }
  return {
    make: (stop) => new Replay({ ...options, journal, responses, stop }),
    rehearse: checkDeterminism
      ? rehearsal(running, `The handler of ${entry.type} ${JSON.stringify(entry.name)}`, options)
      : undefined
  }
}

/** How a run was cut short, if it was: suspended, or a defect that says why it cannot be trusted. */
export const cutShort = (asks: Asking | undefined): Suspension | Error | undefined =>
  asks instanceof Replay ? (asks.defect ?? asks.suspension) : undefined

/** A run has ended: what it has left open is not asked any more. */
export const endAsks = (asks: Asking | undefined): void => {
  if (asks instanceof Replay) asks.end()
}
