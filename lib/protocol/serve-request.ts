import { isResourceNotFound, isTryAgainLater } from "../builder/errors.ts"
import { coreMethodNames } from "../builder/extension.ts"
import type { Caller as AskerShape } from "../builder/visibility.ts"
import type { Running } from "../runtime/app.ts"
import type { Answer } from "../runtime/around-request.ts"
import { type CallInFlight, dispatch } from "../runtime/dispatch.ts"
import { maskedDefect } from "../runtime/failure.ts"
import type { Operation } from "../runtime/operation.ts"
import { InvalidArguments } from "../runtime/invalid-arguments.ts"
import type { Journal } from "../runtime/journal.ts"
import type { Facts } from "../runtime/request.ts"
import type { Suspension } from "../runtime/replay.ts"
import { ClientUnsupported } from "../services/ask-errors.ts"
import { isUrlElicitationRequired } from "../services/elicitation-url.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { PrincipalShape } from "../services/principal.ts"
import type { ClientInfo, HttpInfo } from "../services/request-context.ts"
import type { SessionVisibility } from "../services/visibility.ts"
import type { ClientRequests } from "./client-requests.ts"
import { unknownResource } from "./core-methods.ts"
import { encodeInputRequired } from "./encode-sessionless.ts"
import type { InFlight, Reply, Sink } from "./exchange.ts"
import { extensionRow } from "./extension-methods.ts"
import type { JsonRpcNotification, JsonRpcRequest, RequestId } from "./json-rpc.ts"
import { preparedBytes } from "./list-page.ts"
import { isRecord, isRefusal, type MethodRow, type Params, type Profile, quoted, type WireRequest } from "./method.ts"
import { leavePlace, type Places, takePlace } from "./places.ts"
import { type Era, errorOf, type Refusal, refusal, statusOf } from "./reasons.ts"
import { type Earlier, factsOf } from "./request-facts.ts"
import { type AskingOperation, bindingOf, canAsk, openState, responsesOf, sealState } from "./request-state.ts"
import type { Subscriptions } from "./subscriptions.ts"

/** Whoever sent a request, and over what, once the envelope or the handshake has told. */
export interface Caller {
  readonly revision: string
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly clientInfo: ClientInfo | undefined
  readonly meta: Params
  readonly principal: PrincipalShape
  readonly http: HttpInfo | undefined
  /** The least severe level the client wants log messages of, which may change during the request; undefined for none. */
  readonly logLevel: (() => LogLevel) | undefined
  readonly setLogLevel: ((level: LogLevel) => void) | undefined
  /**
   * How the server asks this client: by requests of its own where a connection or session can carry them, by replay on
   * 2026-07-28; undefined where it cannot be asked.
   */
  readonly asking:
    | {
        readonly type: "direct"
        readonly requests: ClientRequests
        /** Tells the client what belongs to no request. */
        readonly push: (notification: JsonRpcNotification) => unknown
      }
    | { readonly type: "replay" }
    | undefined
  readonly sessionId: string | undefined
  /** What the session has switched; undefined where there is none. */
  readonly visibility?: SessionVisibility | undefined
  /** What the client is told of unasked, where a connection or session of the handshake can carry it. */
  readonly subscriptions?: Subscriptions | undefined
  /** Room for what this client has in flight, where a connection or session knows it. */
  readonly places?: Places | undefined
}

/** The row of a method, where this app serves it; extensions add rows. */
export const findMethod = (profile: Profile, running: Running, method: string): MethodRow | Refusal => {
  const row = profile.methods.get(method) ?? extensionRow(running, method)
  if (row?.served(running, running.catalogue()) === true) return row
  const why =
    row !== undefined
      ? "; this server has nothing to serve it with"
      : coreMethodNames.has(method)
        ? `; this server does not serve it at ${profile.era === "sessionless" ? "revision 2026-07-28" : "revisions up to 2025-11-25"}`
        : ""
  return refusal("unknown-method", `Method not found: ${quoted(method)}${why}.`)
}

/** Called between resolving and running: the last moment at which a refusal still chooses the HTTP status. */
export type Admit = (operation: Operation) => Refusal | undefined

/** Resolves, admits and runs one request, and writes its answer in the words of its era. */
export const serveRequest = (
  profile: Profile,
  running: Running,
  row: MethodRow,
  request: JsonRpcRequest,
  caller: Caller,
  sink: Sink,
  admit?: Admit
): InFlight | undefined => {
  const { era } = profile
  const { id } = request
  const params = request.params ?? none
  const malformed = metaFault(params["_meta"])
  if (malformed !== undefined) return refuse(sink, malformed, era, id)
  const wire: WireRequest = {
    id,
    sink,
    running,
    catalogue: running.catalogue(),
    revision: caller.revision,
    capabilities: caller.capabilities,
    asker: new Asker(caller),
    rules: caller.visibility?.rules() ?? noRules,
    setLogLevel: caller.setLogLevel,
    subscriptions: caller.subscriptions
  }
  let operation: Operation | Refusal
  try {
    operation = row.resolve(params, wire)
  } catch (error) {
    operation = refusal("internal-error", defectOf(running, error, request.method).message)
  }
  if (isRefusal(operation)) return refuse(sink, operation, era, id)
  const refused = admit?.(operation)
  if (refused !== undefined) return refuse(sink, refused, era, id)
  if (caller.asking?.type !== "replay" || !canAsk(operation)) {
    return runRequest(profile, wire, operation, request, caller, sink, undefined)
  }
  const responses = responsesOf(params)
  if (responses === undefined) {
    const message = "params.inputResponses must be an object: the answer to each ask, by its key."
    return refuse(sink, refusal("invalid-params", message), era, id)
  }
  return params["requestState"] === undefined
    ? runRequest(profile, wire, operation, request, caller, sink, { journal: undefined, responses })
    : resume(profile, wire, operation, request, caller, sink, responses)
}

/** Opens the state of an earlier round first, then goes on with its call. */
const resume = (
  profile: Profile,
  wire: WireRequest,
  operation: AskingOperation,
  request: JsonRpcRequest,
  caller: Caller,
  sink: Sink,
  responses: Params
): InFlight => {
  const { running } = wire
  const binding = bindingOf(operation, caller.principal)
  let stopped: "disconnected" | "drained" | undefined
  let inFlight: InFlight | undefined
  const begin = (opened: Journal | Refusal) => {
    if (stopped === "disconnected") return
    const refused =
      stopped === "drained" ? refusal("interrupted", interruptedMessage) : "reason" in opened ? opened : undefined
    if (refused !== undefined) refuse(sink, refused, profile.era, request.id)
    else {
      const earlier = { journal: opened as Journal, binding, responses }
      inFlight = runRequest(profile, wire, operation, request, caller, sink, earlier)
    }
  }
  openState(running, request.params!["requestState"], binding).then(begin, (error) =>
    begin(refusal("internal-error", defectOf(running, error, request.method).message))
  )
  return {
    interrupt: (why) => {
      stopped ??= why
      return inFlight?.interrupt(why)
    }
  }
}

/** Runs an operation, and writes its answer in the words of the era. */
const runRequest = (
  profile: Profile,
  wire: WireRequest,
  operation: Operation,
  request: JsonRpcRequest,
  caller: Caller,
  sink: Sink,
  earlier: Earlier | undefined
): InFlight | undefined => {
  const { running } = wire
  // what goes on for ever has limits of its own, and what is known already is worth a moment
  const takesPlace = endOf(operation) === undefined && operation.type !== "answer"
  const full = takesPlace ? takePlace(running, caller.places) : undefined
  if (full !== undefined) return refuse(sink, full, profile.era, request.id)
  return new Served(profile, wire, operation, request, caller, sink, earlier, takesPlace).start()
}

/** Ends what would go on for ever, with its answer. */
const endOf = (operation: Operation) => (operation.type === "effect" ? operation.end : undefined)

/** A request that is served. A class: closures for all of this would cost a tenth of a call. */
class Served implements InFlight {
  readonly end: (() => void) | undefined
  readonly #profile: Profile
  readonly #wire: WireRequest
  readonly #operation: Operation
  readonly #request: JsonRpcRequest
  readonly #caller: Caller
  readonly #sink: Sink
  readonly #earlier: Earlier | undefined
  readonly #takesPlace: boolean
  #open = true
  #why: "disconnected" | "drained" | undefined
  #call: CallInFlight | undefined

  constructor(
    profile: Profile,
    wire: WireRequest,
    operation: Operation,
    request: JsonRpcRequest,
    caller: Caller,
    sink: Sink,
    earlier: Earlier | undefined,
    takesPlace: boolean
  ) {
    this.end = endOf(operation)
    this.#profile = profile
    this.#wire = wire
    this.#operation = operation
    this.#request = request
    this.#caller = caller
    this.#sink = sink
    this.#earlier = earlier
    this.#takesPlace = takesPlace
  }

  /** Undefined where it was answered at once. */
  start(): InFlight | undefined {
    const { running } = this.#wire
    const timeout = this.end === undefined ? running.assembly.limits.requestTimeout : undefined
    const facts = () => this.#facts()
    const call = dispatch(running, this.#operation, facts, (answer) => this.#done(answer), timeout)
    if (call === undefined) return undefined
    this.#call = call
    return this
  }

  interrupt(why: "disconnected" | "drained"): undefined {
    this.#why ??= why
    this.#call!.interrupt()
    return undefined
  }

  #facts(): Facts {
    const { params = none } = this.#request
    // 2026-07-28 basic/patterns/subscriptions: nothing but what was subscribed to
    const isOpen = () => this.#open && this.end === undefined
    const { running } = this.#wire
    return factsOf(this.#request, params, this.#profile.era, this.#caller, this.#sink, isOpen, running, this.#earlier)
  }

  #done(answer: Answer): void {
    const { running } = this.#wire
    this.#open = false
    if (this.#takesPlace) leavePlace(running, this.#caller.places)
    if (this.#why === "disconnected") return
    if (answer.type === "paused") this.#pause(answer.suspension)
    else this.#sink.reply(this.#replyOf(answer))
  }

  #pause(suspension: Suspension): void {
    const caller = this.#caller
    const binding = this.#earlier?.binding ?? bindingOf(this.#operation as AskingOperation, caller.principal)
    pausedReply(suspension, binding, caller, this.#wire, this.#request.id)
      .catch((error) => this.#failed(error))
      .then((reply) => {
        if (this.#why !== "disconnected") this.#sink.reply(reply)
      })
  }

  #replyOf(answer: Exclude<Answer, { type: "paused" }>): Reply {
    try {
      return replyOf(answer, this.#operation, this.#profile, this.#wire, this.#request.id)
    } catch (error) {
      return this.#failed(error)
    }
  }

  #failed(error: unknown): Reply {
    const failure = defectOf(this.#wire.running, error, this.#request.method)
    return replyOf({ type: "failure", failure }, this.#operation, this.#profile, this.#wire, this.#request.id)
  }
}

/** 2026-07-28 basic/patterns/mrtr: what the client is asked, and what it brings back with the answers. */
const pausedReply = async (
  { requests, journal }: Suspension,
  binding: string,
  caller: Caller,
  wire: WireRequest,
  id: RequestId
): Promise<Reply> => {
  const requestState = await sealState(wire.running, journal, binding, caller.http !== undefined)
  const result = encodeInputRequired(Object.fromEntries(requests), requestState, wire)
  return { status: 200, message: { jsonrpc: "2.0", id, result } }
}

const defectOf = (running: Running, error: unknown, method: string) => {
  const { assembly } = running
  return maskedDefect(running.context(assembly.root), error, `The answer to ${method}`, assembly.dev)
}

/** A refusal as a whole answer. */
export const refuse = (sink: Sink, refused: Refusal, era: Era, id: RequestId | undefined): undefined => {
  sink.reply({ status: statusOf(refused, era), headers: refused.headers, message: errorOf(refused, era, id) })
}

const none: Params = Object.freeze({})

const replyOf = (
  answer: Exclude<Answer, { type: "paused" }>,
  operation: Operation,
  profile: Profile,
  wire: WireRequest,
  id: RequestId
): Reply => {
  if (answer.type === "value") {
    const encode = profile.encode[operation.type] as (value: unknown, operation: Operation, wire: WireRequest) => Params
    const result = encode(answer.value, operation, wire)
    const message = { jsonrpc: "2.0", id, result } as const
    return operation.type === "list"
      ? { status: 200, message, tailBytes: preparedBytes(result) }
      : { status: 200, message }
  }
  const refused = refusalOf(answer.failure, operation, profile.era)
  return {
    status: statusOf(refused, profile.era),
    headers: refused.headers,
    message: errorOf(refused, profile.era, id)
  }
}

const interruptedMessage = "The request was interrupted: the server is shutting down."

const refusalOf = (
  failure: Extract<Answer, { readonly type: "failure" }>["failure"],
  operation: Operation,
  era: Era
): Refusal => {
  if (failure.type === "interrupted") return refusal("interrupted", interruptedMessage)
  if (failure.type === "masked") return refusal("internal-error", failure.message)
  const { error, message, code, data } = failure
  if ("uri" in operation && operation.uri !== undefined && isResourceNotFound(error)) {
    return unknownResource(operation.uri, error.why)
  }
  if (isUrlElicitationRequired(error)) {
    return refusal("url-elicitation-required", message, { data: { elicitations: error.elicitations } })
  }
  if (era === "sessionless" && error instanceof ClientUnsupported) {
    return refusal("missing-capability", message, { data: { requiredCapabilities: error.requiredCapabilities } })
  }
  if (isTryAgainLater(error)) {
    const headers = { "retry-after": String(error.retryAfter) }
    return refusal(error.because === "client" ? "too-many-requests" : "overloaded", message, { code, data, headers })
  }
  if (error instanceof InvalidArguments) return refusal("invalid-params", message)
  return refusal("public-error", message, { code, data })
}

/** Every revision's schema, "RequestParams": metadata is an object, and a progress token a string or an integer. */
const metaFault = (meta: unknown): Refusal | undefined => {
  if (meta === undefined) return undefined
  if (!isRecord(meta)) return refusal("invalid-request", `params._meta must be an object, not ${quoted(meta)}.`)
  const { progressToken } = meta
  return progressToken === undefined || typeof progressToken === "string" || Number.isSafeInteger(progressToken)
    ? undefined
    : refusal(
        "invalid-request",
        `params._meta.progressToken must be a string or an integer, not ${quoted(progressToken)}.`
      )
}

/** The `_meta` of a request's params. */
export const metaOf = (params: Params | undefined): Params => {
  const meta = params?.["_meta"]
  return isRecord(meta) ? meta : none
}

const noRules: WireRequest["rules"] = Object.freeze([])

/** Made for each request, read by few. */
class Asker implements AskerShape {
  readonly #caller: Caller
  constructor(caller: Caller) {
    this.#caller = caller
  }
  get principal() {
    return this.#caller.principal
  }
  get client() {
    return { info: this.#caller.clientInfo, capabilities: this.#caller.capabilities }
  }
}
