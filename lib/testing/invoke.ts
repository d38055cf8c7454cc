import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { ToolError } from "../builder/errors.ts"
import { HandlerContexts } from "../builder/handler.ts"
import { formatIssues } from "../builder/issues.ts"
import type { Tool } from "../builder/tool.ts"
import { timedOut } from "../builder/timeout.ts"
import { outputOf, toolResultOf } from "../builder/tool-output.ts"
import type { ToolResult } from "../builder/tool-result.ts"
import { handlerContexts } from "../runtime/handler-contexts.ts"
import { timed } from "../runtime/timed.ts"
import { ClientLog } from "../services/client-log.ts"
import { Durable } from "../services/durable.ts"
import { Elicitation } from "../services/elicitation.ts"
import { Principal } from "../services/principal.ts"
import { Progress } from "../services/progress.ts"
import { RequestContext } from "../services/request-context.ts"
import { Roots } from "../services/roots.ts"
import { Sampling } from "../services/sampling.ts"
import { Session } from "../services/session.ts"
import { toolRun } from "../services/tool-run.ts"
import type { Optional } from "./calls.ts"

/** The services that `invoke` has a silent default for. */
export type Invoked = HandlerContexts | Progress | ClientLog | RequestContext | Principal | Durable | Scope.Scope

/**
 * Runs a tool's handler without a server: arguments are decoded as usual, and it gives what the handler returned, validated
 * where the tool has an output schema. Fails as the handler does, and with a `ToolError` for invalid arguments and for
 * results that say so, or once the tool's timeout is over, which progress does not prolong here. Each run has a scope of its own, closed at its end. Progress, log messages and the caller's identity
 * have defaults that say nothing; whoever is asked has to be provided, or is a defect that names the layer.
 * @example await Effect.runPromise(invoke(book, { nights: 2 }).pipe(Effect.provide(Elicitation.layerTest([accept({ city: "Oslo" })]))))
 */
export const invoke = <Name extends string, In, Out, E, R>(
  tool: Tool<Name, In, Out, E, R>,
  ...given: {} extends In ? [args?: Optional<In> | undefined] : [args: In]
): Effect.Effect<Out, E | ToolError, Exclude<R, Invoked>> => {
  const subject = `tool ${JSON.stringify(tool.name)}`
  const { timeout } = tool
  const called = Effect.suspend((): Effect.Effect<unknown, unknown, any> => {
    const decoded = tool.input.decode(given[0] ?? {})
    if (!decoded.ok) {
      return Effect.fail(new ToolError(formatIssues(`Invalid arguments for ${subject}`, decoded.issues)))
    }
    const { invoke, shape } = tool["~mcpipe/Component"]
    const run =
      shape === undefined
        ? Effect.flatMap(invoke(decoded.value), checked(tool))
        : Effect.flatMap(toolRun(tool)(given[0] ?? {}), outcome)
    return timeout === undefined
      ? run
      : timed(run, timeout, () => new ToolError(timedOut(`T${subject.slice(1)}`, timeout)))
  })
  const scoped = Effect.scoped(
    Effect.flatMap(Layer.build(defaultsOf(tool)), (defaults) =>
      Effect.updateContext(called, (context: Context.Context<any>) => Context.merge(defaults, context))
    )
  )
  // a handler that awaits what it asks fails with the defect it was rejected with
  return Effect.catch(scoped, (error) =>
    error instanceof NobodyAnswers ? Effect.die(error) : Effect.fail(error)
  ) as any
}

/** What the handler returned, checked as it is before it is sent. */
const checked = (tool: Tool.Any) => {
  const finish = toolResultOf(tool)
  return (returned: unknown): Effect.Effect<unknown, ToolError> => {
    const result = finish(returned)
    if (result.isError === true) return outcome(result)
    return Effect.succeed(tool.output === undefined ? returned : result.structuredContent)
  }
}

const outcome = (result: ToolResult): Effect.Effect<unknown, ToolError> => {
  if (result.isError !== true) return Effect.succeed(outputOf(result))
  const text = result.content.flatMap((block) => (block.type === "text" ? [block.text] : []))
  return Effect.fail(new ToolError(text.join("\n")))
}

const defaultsOf = ({ name, version }: Tool.Any): Layer.Layer<any> =>
  Layer.mergeAll(
    RequestContext.layerTest({ component: { type: "tool", name, version } }),
    Principal.layerTest(),
    Durable.layerTest(),
    Layer.succeed(HandlerContexts, handlerContexts()),
    Layer.succeed(Progress, Progress.live),
    Layer.succeed(ClientLog, ClientLog.live),
    Layer.succeed(Elicitation, nobody("Elicitation", elicitation, "[accept({ … })]")),
    Layer.succeed(Sampling, nobody("Sampling", sampling, '["…"]')),
    Layer.succeed(Roots, { list: dying("Roots.list", "Roots.layerTest([])") }),
    Layer.succeed(Session, {
      current: dying("Session.current", "Session.layerTest()"),
      create: () => dying("Session.create", "Session.layerTest()"),
      open: () => dying("Session.open", "Session.layerTest()")
    })
  )

const elicitation = ["form", "confirm", "choose", "text", "number", "url", "urlRequired"] as const
const sampling = ["text", "message", "object", "run"] as const

type Missing<Keys extends ReadonlyArray<string>> = { readonly [K in Keys[number]]: () => Effect.Effect<never> }

const nobody = <const Keys extends ReadonlyArray<string>>(
  service: string,
  keys: Keys,
  answers: string
): Missing<Keys> =>
  Object.fromEntries(
    keys.map((key) => [key, () => dying(`${service}.${key}`, `${service}.layerTest(${answers})`)])
  ) as Missing<Keys>

const dying = (used: string, layer: string): Effect.Effect<never> => Effect.die(new NobodyAnswers(used, layer))

/** A handler asks, and nothing says who answers. */
class NobodyAnswers extends Error {
  override readonly name = "NobodyAnswers"
  constructor(used: string, layer: string) {
    super(`The handler uses ${used}, and nobody answers: provide ${layer}, or call the tool through connect(server).`)
  }
}
