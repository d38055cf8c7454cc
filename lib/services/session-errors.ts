import { ToolError } from "../builder/errors.ts"

/** A call belongs to no session: its caller is anonymous, and its connection has no session id. Public. */
export class NoSession extends ToolError {
  override readonly name: string = "NoSession"
  readonly _tag = "NoSession"
  constructor() {
    super(
      "This call belongs to no session: its caller is anonymous, and its connection has no session id. Authenticate " +
        "callers, or let a tool return the handle of Session.create, and the others take it and open it with Session.open."
    )
  }
}

/**
 * A handle opens no session for this caller. Public, and the same whether it was never given out, has expired, or belongs
 * to somebody else.
 */
export class UnknownSession extends ToolError {
  override readonly name: string = "UnknownSession"
  readonly _tag = "UnknownSession"
  constructor() {
    super(
      "This handle opens no session for this caller: it may have expired or belong to somebody else. Create a new session."
    )
  }
}

/** A state would outgrow what a session may keep of it. Public; what was kept before stays. */
export class StateTooLarge extends ToolError {
  override readonly name: string = "StateTooLarge"
  readonly _tag = "StateTooLarge"
  /** The state's name. */
  readonly state: string
  /** The size the value has as JSON. */
  readonly bytes: number
  constructor(state: string, bytes: number, maxBytes: number) {
    super(
      `The session cannot keep this much in ${JSON.stringify(state)}: it takes ${bytes} bytes, and ${maxBytes} is the most.`
    )
    this.state = state
    this.bytes = bytes
  }
}
