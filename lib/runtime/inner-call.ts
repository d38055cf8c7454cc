import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type Call, type Called, CurrentCall, callOf } from "../services/current-call.ts"
import { retoldLike } from "../services/retold-call.ts"
import type { Entry } from "./entry.ts"
import { LiveCall } from "./live-call.ts"
import { pathOf } from "./node.ts"

/** Runs a component that another one calls: references and what it switches for its session are those of its own server. */
export const asCallOf = <A>(
  run: Effect.Effect<A, unknown, any>,
  entry: Entry,
  called: Called
): Effect.Effect<A, unknown, any> =>
  Effect.updateContext(run, (outer: Context.Context<any>) => {
    const call = callOf(outer)
    if (call === undefined) return outer
    // middleware further out, which the call of the caller passed, words what this one says too
    return Context.add(
      outer,
      CurrentCall,
      retoldLike(call, (told) => partOf(told, entry, called))
    )
  })

const partOf = (call: Call, entry: Entry, called: Called): Call =>
  call instanceof LiveCall
    ? call.calling(entry, called)
    : {
        ...call,
        called,
        uriOf: entry.uriOf,
        at: pathOf(entry.node).join("/"),
        errors: entry.component["~mcpipe/Component"].errors
      }
