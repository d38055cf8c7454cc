import { serverInfoOf } from "../protocol/capabilities.ts"
import { handshakeRevisions, sessionlessRevisions } from "../protocol/revisions.ts"
import type { LogMessage } from "../services/client-log.ts"
import type { ProgressReport } from "../services/progress.ts"
import type { Discovered, TestClient } from "./client.ts"
import { RequestError } from "./errors.ts"
import { type Caller, makeCalls } from "./make-calls.ts"
import type { VirtualClock } from "./virtual-clock.ts"

/** What a client is made of. */
export interface Parts extends Pick<Caller, "running" | "exchanges" | "era"> {
  /** The result of `initialize`; undefined where there was none. */
  readonly initialized: Readonly<Record<string, any>> | undefined
  readonly progress: ReadonlyArray<ProgressReport>
  readonly logs: ReadonlyArray<LogMessage>
  readonly clock: VirtualClock | undefined
  readonly dispose: () => Promise<void>
}

/** The client over an exchange that has begun. */
export const makeClient = (parts: Parts): TestClient => {
  const { running, exchanges, era, initialized, progress, logs, clock, dispose } = parts
  const later = clock === undefined ? <A>(promise: Promise<A>) => promise : handled
  const caller: Caller = { running, exchanges, era, later }

  const all = async (method: string, member: string): Promise<ReadonlyArray<any>> => {
    const items: Array<unknown> = []
    let cursor: string | undefined
    do {
      const params = cursor === undefined ? {} : { cursor }
      const { result } = await exchanges.run(method, params).catch(noneServed(member))
      items.push(...result[member])
      cursor = result["nextCursor"]
    } while (cursor !== undefined)
    return items
  }

  const discover = async (): Promise<Discovered> => {
    const told = initialized ?? (await exchanges.run("server/discover", {})).result
    const { capabilities, instructions, supportedVersions = [told["protocolVersion"]] } = told
    return { serverInfo: client.serverInfo, capabilities, instructions, supportedVersions }
  }

  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      exchanges.close()
      await dispose()
    })()
    return closing
  }

  const client: TestClient = {
    ...makeCalls(caller, [running.assembly.root]),
    list: {
      tools: () => later(all("tools/list", "tools")),
      resources: () => later(all("resources/list", "resources")),
      templates: () => later(all("resources/templates/list", "resourceTemplates")),
      prompts: () => later(all("prompts/list", "prompts"))
    },
    discover: () => later(discover()),
    serverInfo: serverInfoOf(running, era === "handshake" ? handshakeRevisions[0] : sessionlessRevisions[0]),
    request: (method, params = {}) =>
      later(exchanges.run(method, params, { rounds: false }).then(({ result }) => result)),
    traffic: exchanges.traffic,
    progress,
    logs,
    get clock() {
      if (clock !== undefined) return clock
      throw new Error('The app lives in real time: connect(server, { clock: "virtual" }) gives it a clock to move.')
    },
    close,
    [Symbol.asyncDispose]: close
  }
  // whoever prints a client, as a failing assertion does, must not meet its error
  return Object.defineProperty(client, "clock", { enumerable: false })
}

/** Time is moved between a call and its `await`: until then a rejection must not pass for one that nobody handles. */
const handled = <A>(promise: Promise<A>): Promise<A> => {
  promise.catch(() => {})
  return promise
}

/** A server that has nothing of a kind does not serve its list. */
const noneServed = (member: string) => (error: unknown) => {
  if (error instanceof RequestError && error.code === -32601) return { result: { [member]: [] } as any }
  throw error
}
