import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type Call, CurrentCall, callOf } from "../services/current-call.ts"
import type { Entry } from "./entry.ts"
import { LiveCall } from "./live-call.ts"
import { pathOf } from "./node.ts"

/** Runs a component that another one calls: references and what it switches for its session are those of its own server. */
export const asCallOf = <A>(called: Effect.Effect<A, unknown, any>, entry: Entry): Effect.Effect<A, unknown, any> =>
  Effect.updateContext(called, (outer: Context.Context<any>) => {
    const call = callOf(outer)
    return call === undefined ? outer : Context.add(outer, CurrentCall, partOf(call, entry))
  })

const partOf = (call: Call, entry: Entry): Call =>
  call instanceof LiveCall
    ? call.calling(entry)
    : {
        ...call,
        uriOf: entry.uriOf,
        at: pathOf(entry.node).join("/"),
        errors: entry.component["~mcpipe/Component"].errors
      }
