import * as Effect from "effect/Effect"
import type { Suggestions } from "../builder/complete.ts"
import type { Component } from "../builder/component.ts"
import type { Completion } from "../builder/middleware.ts"
import type { CompletionTable } from "../builder/prompt.ts"
import { compile, Described, type Passage, type Start } from "./chain.ts"
import type { RunCompletion } from "./entry.ts"
import type { Place } from "./place.ts"

type Asked = Parameters<RunCompletion>[0]

/** MCP server/utilities/completion: at most 100 values an answer. */
const most = 100

/** Assembles the completions of a prompt or resource; undefined where it has none. */
export const completionOf = (table: CompletionTable, place: Place, start: Start): RunCompletion | undefined => {
  if (table.size === 0) return undefined
  const core = ({ argument, prefix, others }: Asked): Effect.Effect<Suggestions, unknown, any> => {
    const complete = table.get(argument)
    return complete === undefined ? Effect.succeed({ values: [] }) : Effect.map(complete(prefix, others), suggestionsOf)
  }
  const run = compile(core, place, start, passage)
  return (asked) => Effect.map(run(asked), capped)
}

class Completing extends Described implements Completion {
  readonly component: Component
  readonly argument: string
  readonly prefix: string
  readonly others: Asked["others"]
  constructor(place: Place, { argument, prefix, others }: Asked) {
    super(place)
    this.component = place.component
    this.argument = argument
    this.prefix = prefix
    this.others = others
  }
}

const passage: Passage<Asked, Suggestions> = {
  hook: "complete",
  describe: (place) => (asked) => new Completing(place, asked),
  accept: ({ argument, prefix, others }: Completion) => ({ argument, prefix, others }),
  cross: undefined,
  shaped: false
}

const suggestionsOf = (given: ReadonlyArray<string> | Suggestions): Suggestions => {
  const all = Array.isArray(given) ? { values: given as ReadonlyArray<string> } : (given as Suggestions)
  if (!Array.isArray(all?.values) || !all.values.every((value) => typeof value === "string")) {
    throw new TypeError("A completion must return an array of strings, or { values, total, hasMore }.")
  }
  const total = all.total ?? all.values.length
  return { values: all.values, total, hasMore: all.hasMore ?? total > Math.min(all.values.length, most) }
}

/** After all middleware, which may have added to the values. */
const capped = (given: Suggestions): Suggestions => {
  const { values, total = 0 } = given
  if (values.length <= most) return given
  return { values: values.slice(0, most), total: Math.max(total, values.length), hasMore: true }
}
