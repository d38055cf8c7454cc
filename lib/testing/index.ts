/** `mcpipe/testing`: a whole server in one process, with the user and the model scripted, and handlers without a server. */

export type { ElicitAnswer, ElicitRequest } from "../services/elicitation-answers.ts"
export { accept, cancel, decline } from "../services/elicitation-answers.ts"
export type { ElicitScript } from "../services/elicitation-script.ts"
export type { SamplingReply, SamplingRequest } from "../builder/sampling-types.ts"
export type { PrincipalInput } from "../transports/http/authenticate.ts"
export type { RootsScript, SamplingScript, Scripts } from "./answers.ts"
export type { Called } from "./called.ts"
export type {
  ArgumentOf,
  Attempt,
  CallOptions,
  Calls,
  GotPrompt,
  PromptArgs,
  ReadArgs,
  ToolArgs,
  ToolFailure,
  ToolValue
} from "./calls.ts"
export type { Discovered, Lists, TestClient } from "./client.ts"
export { connect, type ConnectOptions, connectScoped } from "./connect.ts"
export { ClientClosed, RequestError } from "./errors.ts"
export { invoke } from "./invoke.ts"
export type { Traffic } from "./line.ts"
export type { VirtualClock } from "./virtual-clock.ts"
