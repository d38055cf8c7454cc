import type { HandlerContext } from "mcpipe"
import type { AskMethod } from "../kit/clients-asked.ts"

/** The three ways to write a handler. */
export const styles = ["effect", "generator", "async"] as const
export type Style = (typeof styles)[number]

/** `key` names one call in the ledger. */
export type AskingHandler = (args: { readonly key: string }, context: HandlerContext) => any

/** One handler that asks, written three ways, who answers it, and what must come out wherever it runs. */
export interface AskingCase extends Readonly<Record<Style, AskingHandler>> {
  /** A promise to a user. */
  readonly title: string
  /** The tools are `<name>_<style>`, and so are prompts; resources are `asking://<name>/<style>/{key}`. */
  readonly name: string
  readonly place?: "tool" | "guarded tool" | "resource" | "prompt" | undefined
  /** Classes of the failures that recorded ones become again. */
  readonly errors?: ReadonlyArray<new (...args: any) => Error> | undefined
  /** What is answered, by the first line of what is asked first; several are for when it is asked again. */
  readonly answers?: Readonly<Record<string, ReadonlyArray<unknown>>> | undefined
  readonly expected: Partial<Observed>
  /** Whether questions of one moment may reach the client in any order; `expected.asked` is sorted then. Default false. */
  readonly anyOrder?: boolean | undefined
  /** How many rounds with questions the call takes on 2026-07-28. */
  readonly rounds: number
  /** How often the handler runs on 2026-07-28. Default once a round, and once more. */
  readonly runs?: number | undefined
}

/** What a call came to, in the client's eyes and the world's. */
export interface Observed {
  readonly answer: unknown
  /** The texts the client was asked, in order. */
  readonly asked: ReadonlyArray<string>
  /** How often what each step does was done. */
  readonly steps: Readonly<Record<string, number>>
  readonly logs: ReadonlyArray<unknown>
  readonly progress: ReadonlyArray<number>
}

export const text = (value: string) => ({ content: [{ type: "text", text: value }] })
export const failed = (value: string) => ({ ...text(value), isError: true })

/** A model's answer in words. */
export const said = (text: string) => ({
  role: "assistant",
  model: "scripted",
  stopReason: "endTurn",
  content: { type: "text", text }
})

/** A model's wish to use tools. */
export const uses = (...wanted: ReadonlyArray<readonly [name: string, input: object]>) => ({
  role: "assistant",
  model: "scripted",
  stopReason: "toolUse",
  content: wanted.map(([name, input], n) => ({ type: "tool_use", id: `use-${n}`, name, input }))
})

/** What is asked, as a person reads it: the whole text, and the first line of what the conversation began with. */
export const textsOf = (method: AskMethod, params: any): { readonly text: string; readonly topic: string } => {
  if (method === "roots/list") return { text: "roots", topic: "roots" }
  const [first, last] =
    method === "elicitation/create"
      ? [params.message, params.message]
      : [params.messages[0], params.messages.at(-1)]
          .map(({ content }) => [content].flat().map((piece: any) => piece.text ?? piece.type))
          .map((texts) => texts.join("\n"))
  return { text: last, topic: first.split("\n")[0] }
}
