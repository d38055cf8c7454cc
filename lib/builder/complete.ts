import type { Handled, ServicesOf } from "./handler.ts"

/** Suggested values, at most 100 of which are sent (MCP server/utilities/completion). */
export interface Suggestions {
  readonly values: ReadonlyArray<string>
  /** How many there are in all, where known. */
  readonly total?: number | undefined
  readonly hasMore?: boolean | undefined
}

/** Suggests values for an argument: `prefix` is what was typed, `others` the arguments already settled. */
export type Complete = (
  prefix: string,
  others: Readonly<Record<string, string>>
) => Handled<ReadonlyArray<string> | Suggestions>

/** Completions by argument name. */
export type Completions<Names extends string = string> = { readonly [K in Names]?: Complete | undefined }

/** The services that completions need. */
export type CompletionServices<C> = {
  [K in keyof C]: C[K] extends (...args: ReadonlyArray<any>) => infer Ret ? ServicesOf<Ret> : never
}[keyof C]
