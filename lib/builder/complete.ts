import type { Handled, ServicesOf } from "./handler.ts"

/** Suggested values, at most 100 of which are sent (MCP server/utilities/completion). */
export interface Suggestions {
  readonly values: ReadonlyArray<string>
  /** How many there are in all, where known. */
  readonly total?: number | undefined
  readonly hasMore?: boolean | undefined
}

/** Suggests values for an argument: `prefix` is what was typed, `others` the arguments already settled. */
export type Complete<Ret = Handled<ReadonlyArray<string> | Suggestions>> = (
  prefix: string,
  others: Readonly<Record<string, string>>
) => Ret

/** Completions by argument name; `C` is what each returns. */
export type Completers<C> = { readonly [K in keyof C]: Complete<C[K]> }

/** What completions may return, by argument name; any other name meets the sentence `Unknown`. */
export type Completions<C, Names extends PropertyKey, Unknown> = {
  readonly [K in keyof C]: K extends Names ? Handled<ReadonlyArray<string> | Suggestions> : Unknown
}

/** The services that completions need. */
export type CompletionServices<C> = ServicesOf<C[keyof C]>
