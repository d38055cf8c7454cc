import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ComponentType } from "../builder/component.ts"
import { DefinitionError, ToolError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { callOf } from "./current-call.ts"

/** Which components: those that have one of the names, one of the tags and one of the types, of what is given. */
export interface Which {
  /** Names of tools and prompts and URIs of resources, as the server of the handler knows them; `*` stands for anything. */
  readonly names?: ReadonlyArray<string> | undefined
  readonly tags?: ReadonlyArray<string> | undefined
  readonly types?: ReadonlyArray<ComponentType> | undefined
}

/** What one session switched, as JSON; later rules win. */
export interface VisibilityRule extends Which {
  readonly visible: boolean
  /** The mount path of the server whose handler switched it: the rule reaches its components alone. */
  readonly at: string
}

/** What a session has switched, and how to switch more. */
export interface SessionVisibility {
  readonly rules: () => ReadonlyArray<VisibilityRule>
  /** Takes rules over, and tells the client which lists are others now. */
  readonly set: (rules: ReadonlyArray<VisibilityRule>) => void
}

/** What a client sees cannot be switched here. Public. */
export class NotSwitchable extends ToolError {
  override readonly name: string = "NotSwitchable"
  readonly _tag = "NotSwitchable"
  /** `"sessionless"`: on 2026-07-28 lists depend on their caller alone. `"no-session"`: the connection has none. `"server"`: the root server is not `switchable`. */
  readonly reason: "sessionless" | "no-session" | "server"
  constructor(reason: "sessionless" | "no-session" | "server") {
    super(messages[reason])
    this.reason = reason
  }
}

const messages = {
  sessionless:
    "Components cannot be hidden or shown for one session here: from revision 2026-07-28 on lists depend on their caller alone. Use visibleTo(…).",
  "no-session": "Components cannot be hidden or shown for one session here: this request belongs to no session.",
  server: "Components cannot be hidden or shown for one session: make the root server with { switchable: true }."
}

export interface VisibilityShape {
  readonly hide: (which: string | Which) => Effect.Effect<void, NotSwitchable>
  readonly show: (which: string | Which) => Effect.Effect<void, NotSwitchable>
  readonly reset: Effect.Effect<void, NotSwitchable>
}

/**
 * Hides and shows components for the session of the call, which its client is told of by list-changed notifications. The
 * root server must be `switchable`; sessions are of revisions up to 2025-11-25, elsewhere it fails with `NotSwitchable`.
 */
export class Visibility extends Context.Service<Visibility, VisibilityShape>()("mcpipe/Visibility") {
  declare readonly "~mcpipe/supplied": "request"

  /** Hides components from this session: they are neither listed nor can they be called. A string is a name. */
  static hide(which: string | Which): Effect.Effect<void, NotSwitchable, Visibility> {
    return Visibility.use((service) => service.hide(which))
  }

  /** Shows components to this session that were hidden from it, or are `hidden`. A string is a name. */
  static show(which: string | Which): Effect.Effect<void, NotSwitchable, Visibility> {
    return Visibility.use((service) => service.show(which))
  }

  /** Takes back all that handlers of this server switched for this session. */
  static readonly reset: Effect.Effect<void, NotSwitchable, Visibility> = Effect.suspend(() =>
    Visibility.use((service) => service.reset)
  )

  /** What the runtime gives to handlers. */
  static readonly live: VisibilityShape = {
    hide: (which) => switched(false, which),
    show: (which) => switched(true, which),
    reset: change((rules, at) => rules.filter((rule) => rule.at !== at))
  }
}

/** Rules of one session; older ones are given up where there are more. */
const most = 100

const switched = (visible: boolean, which: string | Which): Effect.Effect<void, NotSwitchable> => {
  const wanted = checked(which)
  return change((rules, at) => {
    const rule = { visible, at, ...wanted }
    const text = JSON.stringify(wanted)
    const others = rules.filter(({ visible: _, at: place, ...other }) => place !== at || JSON.stringify(other) !== text)
    return [...others, rule].slice(-most)
  })
}

const checked = (which: string | Which): Which => {
  const { names, tags, types } = typeof which === "string" ? { names: [which] } : (which ?? {})
  for (const [name, list] of Object.entries({ names, tags, types })) {
    if (list !== undefined && !(Array.isArray(list) && list.every((one) => typeof one === "string"))) {
      throw new DefinitionError(`Visibility: ${name} is ${shortJson(list)}; use an array of strings.`)
    }
  }
  return {
    ...(names === undefined ? undefined : { names: [...names] }),
    ...(tags === undefined ? undefined : { tags: [...tags] }),
    ...(types === undefined ? undefined : { types: [...types] })
  }
}

function change(
  next: (rules: ReadonlyArray<VisibilityRule>, at: string) => ReadonlyArray<VisibilityRule>
): Effect.Effect<void, NotSwitchable> {
  return Effect.flatMap(Effect.context<never>(), (context) => {
    const call = callOf(context)
    const switches = call?.visibility
    if (switches === undefined) return Effect.fail(new NotSwitchable("no-session"))
    if (typeof switches === "string") return Effect.fail(new NotSwitchable(switches))
    return Effect.sync(() => switches.set(next(switches.rules(), call!.at ?? "")))
  })
}
