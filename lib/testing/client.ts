import type { ListedPrompt, ListedResource, ListedTemplate, ListedTool } from "../builder/listing.ts"
import type { LogMessage } from "../services/client-log.ts"
import type { ProgressReport } from "../services/progress.ts"
import type { Calls } from "./calls.ts"
import type { Traffic } from "./line.ts"
import type { VirtualClock } from "./virtual-clock.ts"

/** Who a server says it is, and what it serves. */
export interface Discovered {
  readonly serverInfo: Readonly<Record<string, unknown>>
  readonly capabilities: Readonly<Record<string, unknown>>
  readonly instructions: string | undefined
  /** The revisions it serves in the client's era; of a handshake, the one agreed on. */
  readonly supportedVersions: ReadonlyArray<string>
}

/** Every list, whole: all its pages. A server that has none of a kind gives none. */
export interface Lists {
  readonly tools: () => Promise<ReadonlyArray<ListedTool>>
  readonly resources: () => Promise<ReadonlyArray<ListedResource>>
  readonly templates: () => Promise<ReadonlyArray<ListedTemplate>>
  readonly prompts: () => Promise<ReadonlyArray<ListedPrompt>>
}

/** A client in this process, connected to a server by `connect`. */
export interface TestClient extends Calls, AsyncDisposable {
  readonly list: Lists
  /** `server/discover` on 2026-07-28; what `initialize` told before. */
  readonly discover: () => Promise<Discovered>
  readonly serverInfo: Readonly<Record<string, unknown>>
  /** Sends any request and resolves with its raw result, `input_required` included; rejects with `RequestError`. */
  readonly request: (
    method: string,
    params?: Readonly<Record<string, unknown>>
  ) => Promise<Readonly<Record<string, any>>>
  /** Everything that crossed the line, both ways, in order. */
  readonly traffic: ReadonlyArray<Traffic>
  /** The progress of all requests, in order. */
  readonly progress: ReadonlyArray<ProgressReport>
  /** All log messages, in order. */
  readonly logs: ReadonlyArray<LogMessage>
  /** Moves the app's time; throws where `connect` was not given `clock: "virtual"`. */
  readonly clock: VirtualClock
  /** Interrupts what is in flight, rejects what waits for it and, where `connect` has assembled the server, disposes of it. */
  readonly close: () => Promise<void>
}
