import type * as Context from "effect/Context"
import { calledIn } from "./called.ts"

/** What is called, in words and under the name its client used: `tool "crm_lookup"`. Only for what is told on failure. */
export const subjectOf = (context: Context.Context<never>, fallback: string): string => {
  const component = calledIn(context)
  return component === undefined ? fallback : `${component.type} ${JSON.stringify(component.name)}`
}
