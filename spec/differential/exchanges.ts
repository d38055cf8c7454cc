import { type Change, changes, faults } from "./changes.ts"
import { type Exchange, plainHeaders } from "./exchange.ts"
import { type Draft, drafts } from "./messages.ts"

/** The messages that every change is made to: one of each kind; all others are sent as they are, or with a fault of their own. */
const representatives: Readonly<Record<Draft["era"], ReadonlyArray<string>>> = {
  sessionless: [
    "server/discover",
    "tools/list",
    "tools/call add",
    "tools/call query",
    "tools/call steps, with a token",
    "resources/read",
    "prompts/get",
    "completion of a prompt",
    "an unknown method",
    "notifications/cancelled"
  ],
  stateless: [
    "initialize",
    "ping",
    "tools/list",
    "tools/call add",
    "tools/call measure",
    "tools/call steps, with a token",
    "resources/read",
    "prompts/get",
    "an unknown method",
    "notifications/cancelled"
  ],
  session: ["tools/list", "tools/call add", "notifications/cancelled"]
}

const finished = (draft: Draft, change: string, how: Change): Exchange | undefined => {
  // headers of every POST come first, so that a change can take them away
  const changed = how({ ...draft, headers: { ...plainHeaders, ...draft.headers } })
  if (changed === undefined) return undefined
  const { message, text, ...rest } = changed
  return { ...rest, change, body: text ?? JSON.stringify(message) }
}

/** Every good message, with every change that can be made to it or to those like it. */
export const generated: ReadonlyArray<Exchange> = drafts.flatMap((draft) =>
  Object.entries(representatives[draft.era].includes(draft.what) ? { ...faults, ...changes } : faults).flatMap(
    ([change, how]) => finished(draft, change, how) ?? []
  )
)
