/** Middleware of this example: `await run(next)` runs what is inside, and so does `yield* next` in a generator function. */
import { Context, middleware, Principal, provides, ToolError } from "mcpipe"

// #region log
export const logRequests = middleware(async (next, { method, name }, { run }) => {
  const start = performance.now()
  const outcome = await run(next)
  const millis = Math.round(performance.now() - start)
  console.error(`${method} ${name ?? ""}: ${outcome.outcome} in ${millis} ms`)
  return outcome
})
// #endregion log

// #region user
export class CurrentUser extends Context.Service<CurrentUser, { readonly name: string }>()("example/CurrentUser") {}

export const withUser = provides(CurrentUser, function* () {
  const { anonymous, id } = yield* Principal
  return { name: anonymous ? "guest" : id }
})
// #endregion user

// #region members
export const membersOnly = middleware({
  callTool: function* (next, call) {
    const user = yield* CurrentUser
    if (user.name === "guest") throw new ToolError(`${call.name} is for members; please log in.`)
    console.error(`${user.name} calls ${call.name}`)
    return yield* next(call)
  }
})
// #endregion members
