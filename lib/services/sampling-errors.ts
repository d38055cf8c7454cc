import { ToolError } from "../builder/errors.ts"
import type { AskRefused, AskTimedOut, ClientUnsupported } from "./ask-errors.ts"

/** The server's own model did not answer; the server's log has the reason. Public. */
export class ModelFailed extends ToolError {
  override readonly name: string = "ModelFailed"
  readonly _tag = "ModelFailed"
  constructor(why = "its reason is in the server's log.") {
    super(`The model did not answer: ${why}`)
  }
}

/** The model still wanted to use tools in the last turn it had. Public. */
export class TooManyTurns extends ToolError {
  override readonly name: string = "TooManyTurns"
  readonly _tag = "TooManyTurns"
  readonly turns: number
  constructor(turns: number) {
    super(`The model came to no end within ${turns} ${turns === 1 ? "turn" : "turns"}.`)
    this.turns = turns
  }
}

/** How every way of asking a model may fail. */
export type SamplingError = AskRefused | AskTimedOut | ClientUnsupported | ModelFailed
