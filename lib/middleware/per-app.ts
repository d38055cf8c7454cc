import * as Context from "effect/Context"
import { NodeContexts } from "../runtime/node-contexts.ts"

/** State that a middleware has once for each running app, however often its server is mounted there; it goes with the app. */
export const perApp = <S>(make: (context: Context.Context<never>) => S): ((context: Context.Context<never>) => S) => {
  const states = new WeakMap<object, S>()
  return (context) => {
    const app = Context.getUnsafe(context as Context.Context<any>, NodeContexts)
    let state = states.get(app)
    if (state === undefined) {
      state = make(context)
      states.set(app, state)
    }
    return state
  }
}
