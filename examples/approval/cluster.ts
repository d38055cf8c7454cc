/** What runs where: a service that the tools of this example change. */
import { Context, lifespan } from "mcpipe"

export const environments = ["staging", "production"] as const

export type Environment = (typeof environments)[number]

export const phases = ["build", "upload", "switch"] as const

export class ClusterState {
  readonly #running: Record<Environment, Set<string>> = { staging: new Set(), production: new Set() }

  async perform(phase: (typeof phases)[number], service: string, environment: Environment): Promise<void> {
    if (phase === "switch") this.#running[environment].add(service)
  }

  /** Gives where it ran. */
  async remove(service: string): Promise<ReadonlyArray<Environment>> {
    return environments.filter((environment) => this.#running[environment].delete(service))
  }
}

export class Cluster extends Context.Service<Cluster, ClusterState>()("example/Cluster") {}

export const ClusterLive = lifespan(Cluster, () => new ClusterState())
