import { Effect, Elicitation, middleware, prompt, resource, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { type AskingCase, type AskingHandler, type Style, styles } from "./asking-case.ts"
import { asking } from "./asking-cases.ts"
import { holding } from "./asking-held.ts"
import { ledger } from "./asking-ledger.ts"

const input = { key: v.string() }

const counted =
  (handler: AskingHandler): AskingHandler =>
  (args, context) => {
    ledger(args.key).runs++
    return handler(args, context)
  }

const componentOf = (one: AskingCase, style: Style, name: string) => {
  const handler = counted(one[style])
  const { errors } = one
  switch (one.place) {
    case "resource":
      return resource({ uri: `asking://${one.name}/${style}/{key}`, name, params: input }, handler)
    case "prompt":
      return prompt({ name, args: input }, handler)
    default:
      return tool({ name, input, errors }, handler)
  }
}

const isGuarded = ({ place }: AskingCase) => place === "guarded tool"

const open = asking
  .filter((one) => !isGuarded(one))
  .flatMap((one) => styles.map((style) => componentOf(one, style, `${one.name}_${style}`)))

const [guardedCase] = asking.filter(isGuarded)

const refused = new ToolError("Not without the password.")

/** Asks before the tool may: once in each of the ways that hooks can be written; a hook around each request sees nothing. */
const guarded = server({ name: "guarded", version: "1.0.0" })
  .add(...styles.map((style) => componentOf(guardedCase!, style, style)))
  .use(middleware((next) => next))
  .use(
    middleware({
      callTool: (next, call) =>
        call.name !== "effect"
          ? next(call)
          : Effect.flatMap(Elicitation.text("Password?"), (said) =>
              said === "open sesame" ? next(call) : Effect.fail(refused)
            )
    })
  )
  .use(
    middleware({
      callTool: function* (next, call) {
        if (call.name === "effect") return yield* next(call)
        if ((yield* Elicitation.text("Password?")) !== "open sesame") return yield* Effect.fail(refused)
        return yield* next(call)
      }
    })
  )

/** What the calls of a key did. */
const counters = tool({ name: "counters", input }, ({ key }) => {
  const { runs, steps } = ledger(key)
  return JSON.stringify({ runs, steps })
})

/** The server of the table of handlers that ask. */
export default server({ name: "asking", version: "1.0.0" })
  .add(...open, ...holding, counters)
  .mount(guardedCase!.name, guarded)
