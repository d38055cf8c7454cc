import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Caller } from "../builder/visibility.ts"
import { anonymous, Principal } from "../services/principal.ts"
import { RequestContext } from "../services/request-context.ts"

/** Who asks, in the request of this fiber; nobody in particular where there is none. */
export const caller: Effect.Effect<Caller> = Effect.map(Effect.context<never>(), (context) => {
  const known = context as Context.Context<any>
  const principal = Context.getOrUndefined(known, Principal) ?? anonymous
  const { client } = Context.getOrUndefined(known, RequestContext) ?? nobody
  return { principal, client: { info: client.info, capabilities: client.capabilities } }
})

const nobody = { client: { info: undefined, capabilities: {} } }
