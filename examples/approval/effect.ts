/** The server of `server.ts` again, in Effect style. */
import { ClientLog, Effect, Elicitation, Progress, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { Cluster, ClusterLive, environments, phases } from "./cluster.ts"
import { confirmDestructive } from "./middleware.ts"

// #region input
const choices = [
  { value: "staging", title: "Staging, for colleagues" },
  { value: "production", title: "Production, for everybody" }
] as const

const input = {
  service: v.string(),
  approved: v.pipe(v.optional(v.boolean(), false), v.description("A person agreed; where the client cannot ask one")),
  environment: v.pipe(v.optional(v.picklist(environments), "staging"), v.description("Where to, with approved"))
}

const cannotAsk =
  "This client cannot ask its user. Ask a person, then call again with approved: true and the environment they want."
// #endregion input

// #region deploy
/** Where the approver wants a service; undefined where they do not want it anywhere. */
const approval = Effect.fn(function* (service: string) {
  const target = yield* Elicitation.choose(`Where should ${service} go?`, choices)
  const agreed = target !== "production" || (yield* Elicitation.confirm(`Everybody will see ${service}. Deploy it?`))
  return agreed ? target : undefined
})

const deploy = tool(
  {
    name: "deploy",
    description: "Deploy a service where its approver wants it.",
    input,
    annotations: { destructiveHint: false }
  },
  function* ({ service, approved, environment }) {
    const cluster = yield* Cluster
    const target = yield* Effect.catchTags(approval(service), {
      ElicitationDeclined: () => Effect.succeed(undefined),
      ClientUnsupported: () => (approved ? Effect.succeed(environment) : Effect.fail(new ToolError(cannotAsk)))
    })
    if (target === undefined) return `All right, ${service} stays as it is.`

    yield* Progress.track(phases, (phase) => cluster.perform(phase, service, target), { message: (phase) => phase })
    yield* ClientLog.log("notice", `${service} was deployed to ${target}.`)
    return `${service} runs on ${target}.`
  }
)
// #endregion deploy

// #region destructive
const remove = tool(
  {
    name: "remove",
    description: "Remove a service from every environment.",
    input: { service: v.string() },
    annotations: { destructiveHint: true }
  },
  function* ({ service }) {
    const cluster = yield* Cluster
    const from = yield* Effect.promise(() => cluster.remove(service))
    return `${service} was removed from ${from.join(" and ") || "nowhere"}.`
  }
)

export default server({ name: "approval", version: "1.0.0" })
  .add(deploy, remove)
  .use(confirmDestructive)
  .provide(ClusterLive)
// #endregion destructive
