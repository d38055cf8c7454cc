import type { Case } from "./case.ts"
import { reporting } from "./cases-context.ts"
import { identity, lists, mounts } from "./cases-lists.ts"
import { completions, prompts } from "./cases-prompts.ts"
import { resources } from "./cases-resources.ts"
import { failures, handlers, returns } from "./cases-tools.ts"

/** Everything a client may ask of the server in server.ts, with the whole answer. */
export const cases: ReadonlyArray<Case> = [
  ...identity,
  ...returns,
  ...handlers,
  ...failures,
  ...reporting,
  ...resources,
  ...prompts,
  ...completions,
  ...lists,
  ...mounts
]
