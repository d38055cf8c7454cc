import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type AskRefused, type AskTimedOut, ClientUnsupported } from "./ask-errors.ts"
import { requireAsks } from "./asks-of.ts"

/** A folder or file of the user's that the server may work in (MCP client/roots, "Root"). */
export interface Root {
  /** A `file://` URI. */
  readonly uri: string
  /** Name for people. */
  readonly name?: string | undefined
  readonly _meta?: Readonly<Record<string, unknown>> | undefined
}

export interface RootsShape {
  /** The client's roots, asked for each time it is run. */
  readonly list: Effect.Effect<ReadonlyArray<Root>, AskRefused | AskTimedOut | ClientUnsupported>
}

/**
 * Where in the file system the client lets the server work (MCP client/roots). The protocol deprecates it from 2026-07-28
 * on (SEP-2577), in favour of paths in arguments, and every revision still has it.
 */
export class Roots extends Context.Service<Roots, RootsShape>()("mcpipe/Roots") {
  declare readonly "~mcpipe/supplied": "request"

  /**
   * The client's roots; fails with `ClientUnsupported` where it did not declare the capability `roots`.
   * @example const [first] = yield* Roots.list
   */
  static get list(): Effect.Effect<ReadonlyArray<Root>, AskRefused | AskTimedOut | ClientUnsupported, Roots> {
    return Roots.use((service) => service.list)
  }

  /** Answers with `roots`, for testing a handler without a server. */
  static layerTest(roots: ReadonlyArray<Root>): Layer.Layer<Roots> {
    return Layer.succeed(Roots, { list: Effect.succeed(roots) })
  }

  /** What the runtime supplies: finds its request through the running fiber. */
  static readonly live: RootsShape = {
    list: Effect.withFiber((fiber): RootsShape["list"] => {
      const asks = requireAsks(fiber, "Roots.list")
      if (asks.capabilities["roots"] === undefined) {
        return Effect.fail(new ClientUnsupported("Roots.list needs the client's roots", { roots: {} }))
      }
      const asked = asks.ask({ method: "roots/list", params: {} }, { wellFormed: isRoots })
      return Effect.map(asked, (answer) => (answer as Answer).roots.map(rootOf))
    })
  }
}

interface Answer {
  readonly roots: ReadonlyArray<Root>
}

const isRoots = (u: unknown): u is Answer => {
  const roots = (u as Partial<Answer> | null | undefined)?.roots
  return Array.isArray(roots) && roots.every(isRoot)
}

const isRoot = (u: unknown): u is Root => {
  if (typeof u !== "object" || u === null) return false
  const { uri, name, _meta } = u as Readonly<Record<keyof Root, unknown>>
  if (typeof uri !== "string" || !/^file:\/\//i.test(uri)) return false
  return (name === undefined || typeof name === "string") && (_meta === undefined || isRecord(_meta))
}

/** What the protocol names, without what a client adds of its own. */
const rootOf = ({ uri, name, _meta }: Root): Root => ({
  uri,
  ...(name === undefined ? undefined : { name }),
  ...(_meta === undefined ? undefined : { _meta })
})

const isRecord = (u: unknown): boolean => typeof u === "object" && u !== null && !Array.isArray(u)
