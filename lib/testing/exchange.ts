import type { Era } from "../protocol/reasons.ts"
import { metaKeys, sessionlessRevisions } from "../protocol/revisions.ts"
import type { Running } from "../runtime/app.ts"
import type { LogLevel } from "../services/client-log.ts"
import type { ClientInfo } from "../services/request-context.ts"
import type { CallOptions } from "./calls.ts"
import { ClientClosed } from "./errors.ts"
import { type Answer, type Line, type LineOptions, openLine } from "./line.ts"

type Params = Readonly<Record<string, any>>

/** Who the client says it is, with every request or once. */
export interface Introduction {
  readonly era: Era
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly clientInfo: ClientInfo
  readonly logLevel: LogLevel
}

/** Requests to a running app as whole exchanges: with all rounds of a call, whatever ends it. */
export interface Exchanges extends Pick<Line, "traffic" | "notify" | "inFlight"> {
  /** Rejects as soon as it is aborted, a script fails or the client is closed. `rounds: false` gives the first answer. */
  readonly run: (
    method: string,
    params: Params,
    options?: CallOptions & { readonly rounds?: boolean | undefined }
  ) => Promise<Answer>
  readonly close: () => void
}

/** An exchange under way. */
interface Exchange {
  readonly method: string
  /** Its wire request in flight. */
  id: number | undefined
  readonly reject: (error: unknown) => void
}

/** What reports progress. */
const reporting: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get"])

/** Speaks to a running app as `me`. */
export const openExchanges = (running: Running, me: Introduction, options: Omit<LineOptions, "failed">): Exchanges => {
  const open = new Set<Exchange>()
  let closed = false

  const failed: LineOptions["failed"] = (id, error) => {
    for (const one of [...open]) if (id === undefined || one.id === id) one.reject(error)
  }

  const line = openLine(running, { ...options, failed })

  const framed = (params: Params): Params => {
    if (me.era === "handshake") return params
    const envelope = {
      [metaKeys.protocolVersion]: sessionlessRevisions[0],
      [metaKeys.clientCapabilities]: me.capabilities,
      [metaKeys.clientInfo]: me.clientInfo,
      [metaKeys.logLevel]: me.logLevel
    }
    return { ...params, _meta: { ...envelope, ...params["_meta"] } }
  }

  const round = (mine: Exchange, params: Params, onProgress: CallOptions["onProgress"]): Promise<Answer> =>
    line.request(mine.method, framed(params), {
      withToken: reporting.has(mine.method),
      onProgress,
      made: (id) => {
        mine.id = id
      }
    })

  /** 2026-07-28 basic/patterns/mrtr: as often as the server asks, with its state exactly as it came. */
  const rounds = async (mine: Exchange, params: Params, onProgress: CallOptions["onProgress"]): Promise<Answer> => {
    let given = await round(mine, params, onProgress)
    while (given.result["resultType"] === "input_required") {
      mine.id = undefined
      const { inputRequests = {}, requestState } = given.result
      const answers = Object.entries<Params>(inputRequests).map(async ([key, { method, params = {} }]) => [
        key,
        await options.answer(method, params)
      ])
      const inputResponses = Object.fromEntries(await Promise.all(answers))
      // aborted or closed meanwhile
      if (!open.has(mine)) return given
      const state = requestState === undefined ? undefined : { requestState }
      given = await round(mine, { ...params, inputResponses, ...state }, onProgress)
    }
    return given
  }

  const run: Exchanges["run"] = (method, params, { meta, signal, onProgress, rounds: all = true } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      if (closed) return reject(new ClientClosed(method))
      if (signal?.aborted) return reject(signal.reason)
      const aborted = () => {
        if (mine.id !== undefined) line.cancel(mine.id, String(signal!.reason))
        mine.reject(signal!.reason)
      }
      const end = () => {
        open.delete(mine)
        signal?.removeEventListener("abort", aborted)
      }
      const mine: Exchange = {
        method,
        id: undefined,
        reject: (error) => {
          end()
          reject(error)
        }
      }
      open.add(mine)
      signal?.addEventListener("abort", aborted)
      const whole = meta === undefined ? params : { ...params, _meta: { ...params["_meta"], ...meta } }
      const work = all ? rounds(mine, whole, onProgress) : round(mine, whole, onProgress)
      work.then((given) => {
        end()
        resolve(given)
      }, mine.reject)
    })

  return {
    traffic: line.traffic,
    notify: line.notify,
    inFlight: line.inFlight,
    run,
    close: () => {
      closed = true
      line.close()
      for (const one of [...open]) one.reject(new ClientClosed(one.method))
    }
  }
}
