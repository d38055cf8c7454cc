/** Tools that need somebody's consent, in plain async functions. `effect.ts` is the same server in Effect style. */
import { ClientUnsupported, ElicitationDeclined, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { Cluster, ClusterLive, type Environment, environments, phases } from "./cluster.ts"
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
const deploy = tool(
  {
    name: "deploy",
    description: "Deploy a service where its approver wants it.",
    input,
    uses: { cluster: Cluster },
    annotations: { destructiveHint: false }
  },
  async ({ service, approved, environment }, { cluster, elicit, progress, log }) => {
    const kept = `All right, ${service} stays as it is.`
    let target: Environment
    try {
      target = await elicit.choose(`Where should ${service} go?`, choices)
      const agreed = target !== "production" || (await elicit.confirm(`Everybody will see ${service}. Deploy it?`))
      if (!agreed) return kept
    } catch (error) {
      if (error instanceof ElicitationDeclined) return kept
      if (!(error instanceof ClientUnsupported)) throw error
      if (!approved) throw new ToolError(cannotAsk)
      target = environment
    }

    // nothing is asked from here on, so nothing of this runs twice
    for (const [index, phase] of phases.entries()) {
      await cluster.perform(phase, service, target)
      await progress(index + 1, phases.length, phase)
    }
    await log.notice(`${service} was deployed to ${target}.`)
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
    uses: { cluster: Cluster },
    annotations: { destructiveHint: true }
  },
  async ({ service }, { cluster }) => {
    const from = await cluster.remove(service)
    return `${service} was removed from ${from.join(" and ") || "nowhere"}.`
  }
)

export default server({ name: "approval", version: "1.0.0" })
  .add(deploy, remove)
  .use(confirmDestructive)
  .provide(ClusterLive)
// #endregion destructive
