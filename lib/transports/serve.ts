import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { assembleOptions } from "../runtime/app.ts"
import type { HttpOptions, HttpSettings, listen } from "./http/node.ts"
import { type MessageTransport, serveTransport } from "./memory.ts"
import { httpNames } from "./http/option-names.ts"
import { booleanOption, integerOption, knownOptions, maxTimer, show } from "./options.ts"
import { layerMillis, within } from "./drain.ts"
import { report } from "./report.ts"
import type { AppLike, RunningApp } from "./running.ts"
import { ServeError, toServeError } from "./serve-error.ts"
import { isServing, stopOnSignals } from "./shutdown.ts"
import { guardStdout, type StdoutGuard } from "./stdout-guard.ts"
import { serveStdio, type StdioOptions, type StdioSettings, stdioSettings } from "./stdio.ts"

/** How a server is served: over stdio by default, or over one of `http` and `transport`. */
export interface ServeOptions {
  /** Serve over HTTP; `{}` for the defaults: http://127.0.0.1:3000/mcp. */
  readonly http?: HttpOptions | undefined
  /** Serve one peer over any transport of the MCP SDKs' shape, such as an in-memory pair. */
  readonly transport?: MessageTransport | undefined
  /** Streams and limits of stdio serving. */
  readonly stdio?: StdioOptions | undefined
  /** Whether SIGTERM and SIGINT end the process after a drain. Default true; false in the scoped forms. */
  readonly signals?: boolean | undefined
  /** Milliseconds that requests in flight may take once closing begins, and layers after them (a second at least), from 0. Default 10,000. */
  readonly gracePeriod?: number | undefined
}

/** A server being served. */
export interface Serving extends AsyncDisposable {
  /** Where to call it; HTTP only. */
  readonly url?: string | undefined
  /** The TCP port; HTTP only. */
  readonly port?: number | undefined
  /** Refuses new requests, finishes or interrupts what is in flight, then closes. Safe to call twice. */
  readonly close: () => Promise<void>
  /** Settles once closed, also where the peer went away by itself. */
  readonly closed: Promise<void>
}

/**
 * Serves an app. `owned`: closing disposes the app too. Rejects with a `ServeError` on a bad option or an address in use; where a
 * layer fails to start and `signals` is not false, prints the error's message to stderr and exits the process with 1.
 */
export const serveApp = async (app: AppLike, options: ServeOptions = {}, owned = true): Promise<Serving> => {
  const settings = await serveSettings(options)
  const { gracePeriod } = settings
  const layerTime = layerMillis(gracePeriod)
  const guard = settings.stdio?.output === process.stdout ? guardStdout() : undefined
  let closing: Promise<void> | undefined
  let resolveClosed: () => void
  let rejectClosed: (error: unknown) => void
  const closed = new Promise<void>((resolve, reject) => {
    resolveClosed = resolve
    rejectClosed = reject
  })
  // `close` reports a failing disposal; nobody has to watch `closed` as well.
  closed.catch(() => {})
  let starting: Promise<Carrier>
  /** A signal may come while layers are being built: they are built to their end if they make it in time, then closed. */
  const stop = async () => {
    const started = starting.catch(() => undefined)
    if (!(await within(started, layerTime))) {
      throw new ServeError(`The layers were still being built ${layerTime} ms after the server was told to stop.`)
    }
    await (await started)?.drain(gracePeriod)
  }
  const unregister = settings.signals ? stopOnSignals({ app, stop, gracePeriod }) : () => {}
  starting = begin(app, settings, guard)
  const finish = async () => {
    try {
      await stop()
      if (owned) {
        await app.dispose()
      }
      resolveClosed()
    } catch (error) {
      rejectClosed(error)
      throw error
    } finally {
      guard?.restore()
      unregister()
    }
  }
  const close = () => (closing ??= finish())
  let carrier: Carrier
  try {
    carrier = await starting
  } catch (error) {
    if (owned) {
      await app.dispose().catch(() => {})
    }
    guard?.restore()
    unregister()
    if (error instanceof StartFailure && settings.signals) {
      process.stderr.write(`mcpipe: ${error.message}\n`)
      process.exit(1)
    }
    throw error
  }
  carrier.closed
    ?.then(async () => {
      const peerLeft = closing === undefined
      // basic/transports, "stdio": the server ends with its input, even where user code left a timer or socket open
      const ends = peerLeft && settings.signals && settings.stdio?.input === process.stdin
      if (!(await within(close(), layerTime)) && ends) {
        report("the app did not close cleanly", new Error(`Its layers were not released within ${layerTime} ms.`))
        process.exit(1)
      }
      if (!ends || isServing()) return
      // an app that is not ours is closed as a signal would close it: nothing can use it any more
      if (!(await within(app.dispose(), layerTime))) {
        report("the app did not close cleanly", new Error(`Its layers were not released within ${layerTime} ms.`))
      }
      process.exit()
    })
    .catch((error) => report("the app did not close cleanly", error))
  return { ...carrier.address, close, closed, [Symbol.asyncDispose]: close }
}

/** `serveApp` as a scoped Effect: closing the scope closes it. `signals` is false unless asked for. */
export const serveAppScoped = (
  app: AppLike,
  options: ServeOptions = {},
  owned = true
): Effect.Effect<Serving, ServeError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => serveApp(app, { ...options, signals: options.signals ?? false }, owned),
      catch: (error) => toServeError("The server could not be served", error)
    }),
    (serving) => Effect.promise(serving.close)
  )

interface ServeSettings {
  readonly http: { readonly settings: HttpSettings; readonly listen: typeof listen } | undefined
  readonly transport: MessageTransport | undefined
  readonly stdio: StdioSettings | undefined
  readonly signals: boolean
  readonly gracePeriod: number
}

/** What carries messages, once started. */
interface Carrier {
  readonly address?: { readonly url: string; readonly port: number } | undefined
  readonly drain: (graceMillis: number) => Promise<void>
  readonly closed?: Promise<void> | undefined
}

class StartFailure extends ServeError {}

const known: ReadonlySet<string> = new Set(["http", "transport", "stdio", "signals", "gracePeriod", ...assembleOptions])

const serveSettings = async (options: ServeOptions): Promise<ServeSettings> => {
  const misplaced = Object.keys(options).find((name) => !known.has(name) && httpNames.has(name))
  if (misplaced !== undefined) {
    throw new ServeError(`Option \`${misplaced}\` is one of HTTP: write serve(server, { http: { ${misplaced} } }).`)
  }
  knownOptions(options, known)
  const chosen = (["http", "transport", "stdio"] as const).filter((name) => options[name] !== undefined)
  if (chosen.length > 1) {
    throw new ServeError(
      `Options \`${chosen.join("` and `")}\` exclude each other: call serve once for each; an app may be served many times.`
    )
  }
  const { http, transport } = options
  if (http !== undefined && (typeof http !== "object" || http === null)) {
    throw new ServeError(`Option \`http\` is ${show(http)}: use an object, such as { port: 3000 }.`)
  }
  if (http !== undefined) knownOptions(http, httpNames, "http.")
  if (transport !== undefined && (typeof transport?.start !== "function" || typeof transport.send !== "function")) {
    throw new ServeError("Option `transport` is no transport: it needs start(), send(message) and close().")
  }
  const gracePeriod = integerOption("gracePeriod", options.gracePeriod, 10_000, 0, maxTimer)
  return {
    http: http && (await nodeHttp(http)),
    transport,
    stdio: http || transport ? undefined : stdioSettings(options.stdio ?? {}, gracePeriod),
    signals: booleanOption("signals", options.signals, true),
    gracePeriod
  }
}

/** Loaded when asked for: a server on stdio has no use for node:http, and other runtimes do not have it. */
const nodeHttp = async (options: HttpOptions) => {
  const { httpSettings, listen } = await import("./http/node.ts")
  return { settings: httpSettings(options), listen }
}

const begin = async (app: AppLike, settings: ServeSettings, guard: StdoutGuard | undefined): Promise<Carrier> => {
  let running: RunningApp
  try {
    running = await app.start()
  } catch (error) {
    throw new StartFailure(toServeError("The server did not start", error).message, { cause: error })
  }
  const { http, transport, stdio, gracePeriod } = settings
  if (http !== undefined) {
    const { url, port, drain } = await http.listen(running.ports, http.settings, running.context)
    return { address: { url, port }, drain }
  }
  if (transport !== undefined) {
    return serveTransport(running.ports, transport, gracePeriod)
  }
  return serveStdio(running.ports, stdio!, guard?.write)
}
