import { Effect, Elicitation, prompt, resource, tool } from "mcpipe"
import * as v from "valibot"
import { drive, yes } from "./rounds.ts"
import { gate, type Wire } from "./wire.ts"

/** What happened to the components of `probes`. */
export interface Seen {
  /** Calls that ran to their end, by what they were. */
  readonly done: Array<string>
  /** Calls that were given up, once per finalizer. */
  readonly stopped: Array<string>
}

/** A tool, a prompt and a template each that say what they are told, that hang, and that ask twice. */
export const probes = () => {
  const seen: Seen = { done: [], stopped: [] }
  let begun = gate()
  const echoed = (text: string) => {
    seen.done.push("echo")
    return text
  }
  const hanging = Effect.onInterrupt(
    Effect.andThen(
      Effect.sync(() => begun.open()),
      Effect.never
    ),
    () => Effect.sync(() => void seen.stopped.push("interrupted"))
  )
  const asking = function* () {
    const answers = `${yield* Elicitation.confirm("One?")} ${yield* Elicitation.confirm("Two?")}`
    seen.done.push("ask")
    return answers
  }
  const spoken = v.object({ text: v.string(), secret: v.string() })
  const output = { output: spoken, annotations: { readOnlyHint: true } } as const
  const components = [
    tool({ name: "echo", input: { text: v.string() }, ...output }, ({ text }) => ({ text: echoed(text), secret: "s" })),
    tool({ name: "hang", ...output }, () => Effect.as(hanging, { text: "", secret: "s" })),
    tool({ name: "wait", ...output }, async (_, { signal, defer }) => {
      defer(() => void seen.stopped.push("deferred"))
      signal.addEventListener("abort", () => void seen.stopped.push("aborted"))
      begun.open()
      return await new Promise<never>(() => {})
    }),
    tool({ name: "ask", ...output }, function* () {
      return { text: yield* asking(), secret: "s" }
    }),
    prompt({ name: "say", args: { text: v.string() } }, ({ text }) => echoed(text)),
    prompt({ name: "stay" }, () => Effect.as(hanging, "")),
    prompt({ name: "query" }, asking),
    resource({ uri: "do://echo/{text}" }, ({ text }) => echoed(text)),
    resource({ uri: "do://hang" }, () => Effect.as(hanging, "")),
    resource({ uri: "do://ask" }, asking)
  ] as const
  return {
    components,
    seen,
    /** Until a hanging call has begun; the next one is waited for anew. */
    begins: async () => {
      await begun.opened
      begun = gate()
    }
  }
}

/** A request as a client makes it. */
export type Made = readonly [method: string, params: object]

/** The answer to a request that may ask, whatever the era: each question is answered with yes. */
export const answered = async (wire: Wire, [method, params]: Made): Promise<any> => {
  const asked = new Set<number>()
  let over = false
  const answering = async (): Promise<void> => {
    const isNew = (message: any) => message.method === "elicitation/create" && !asked.has(message.id)
    const ask = await wire.next((message) => over || isNew(message))
    if (over) return
    asked.add(ask.id)
    wire.send({ jsonrpc: "2.0", id: ask.id, result: yes() })
    return answering()
  }
  // what was asked before is over
  for (const { id, method } of wire.received) if (method === "elicitation/create") asked.add(id)
  void answering()
  const { result, error } = await drive(wire, method, params, yes)
  over = true
  return result ?? error
}

/** The text in an answer to a tool call, a prompt or a read. */
export const textIn = (answer: any): string | undefined =>
  answer?.structuredContent?.text ??
  answer?.structuredContent?.messages?.[0].content.text ??
  answer?.structuredContent?.contents?.[0].text ??
  answer?.content?.[0].text ??
  answer?.messages?.[0].content.text ??
  answer?.contents?.[0].text ??
  answer?.message

/** Cancels the latest request. */
export const cancel = (wire: Wire): void => wire.notify("notifications/cancelled", { requestId: wire.lastId() })

/** Waits until what it says is so. */
export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
