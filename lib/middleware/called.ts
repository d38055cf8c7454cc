import * as Context from "effect/Context"
import { callOf } from "../services/current-call.ts"
import { RequestContext, type RequestContextShape } from "../services/request-context.ts"

/** What is called, under the name clients know it by, though another component may call it for them. */
export const calledIn = (context: Context.Context<never>): RequestContextShape["component"] =>
  callOf(context)?.called ?? Context.getOrUndefined(context as Context.Context<any>, RequestContext)?.component
