/** Middleware that asks: what a tool's annotations say is enough, the tools themselves know nothing of it. */
import { Elicitation, middleware, ToolError } from "mcpipe"

// #region confirm
/** Where the client cannot ask its user, a destructive tool is refused. */
export const confirmDestructive = middleware({
  callTool: function* (next, call) {
    if (call.tool.annotations?.destructiveHint === true) {
      const sure = yield* Elicitation.confirm(`${call.name} ${JSON.stringify(call.args)} cannot be undone. Do it?`)
      if (!sure) throw new ToolError(`The user did not agree to ${call.name}.`)
    }
    return yield* next(call)
  }
})
// #endregion confirm
