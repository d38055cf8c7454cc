import type { IncomingMessage, ServerResponse } from "node:http"
import type { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js"
import type { Ports } from "../../protocol/exchange.ts"
import { notUtf8, parseJson } from "../../protocol/json.ts"
import { type Refusal, refusal } from "../../protocol/reasons.ts"
import type { PrincipalShape } from "../../services/principal.ts"
import { shuttingDown } from "../drain.ts"
import type { DuplexServing } from "../duplex.ts"
import { type MessageTransport, serveTransport } from "../memory.ts"
import { maxUnreadBytes } from "../unread.ts"
import { isUtf8 } from "../utf8.ts"
import { isRefusal, runAuthenticate } from "./authenticate.ts"
import type { HttpCore } from "./core.ts"
import { internalError } from "./core.ts"
import type { GateHead } from "./gate.ts"
import { readBody } from "./node-body.ts"
import { refuseUnread } from "./node-response.ts"
import type { LegacySseSettings } from "./legacy-sse-settings.ts"
import { sseComment } from "./sse.ts"

/** The endpoint of one listening server. */
export interface LegacySse {
  /** Serves a request that is for it; false where it is not. */
  readonly exchange: (request: IncomingMessage, response: ServerResponse, head: GateHead) => boolean
  /** Refuses new requests, finishes or after `graceMillis` interrupts what is in flight, then ends all streams. Never rejects. */
  readonly drain: (graceMillis: number) => Promise<void>
}

/** Most clients at once: each holds a connection. */
const mostClients = 10_000

interface Client {
  readonly owner: PrincipalShape
  readonly receive: (message: unknown) => void
  readonly serving: Promise<DuplexServing>
}

/** Loads the SDK's transport, which servers that need none do not. */
export const legacySse = async (ports: Ports, settings: LegacySseSettings, core: HttpCore): Promise<LegacySse> => {
  const { SSEServerTransport } = await import("@modelcontextprotocol/sdk/server/sse.js")
  const { path, messagesPath, gates } = settings
  const clients = new Map<string, Client>()
  let draining = false

  const open = (response: ServerResponse, owner: PrincipalShape) => {
    // nginx would hold events back until its buffer is full
    response.setHeader("x-accel-buffering", "no")
    const transport = new SSEServerTransport(messagesPath, response)
    const carrier = carrierOf(transport, response)
    const { sessionId } = transport
    const serving = serveTransport(ports, carrier, 0, owner)
    clients.set(sessionId, { owner, serving, receive: (message) => carrier.onmessage?.(message) })
    const beat = () => {
      if (response.writableLength === 0) response.write(sseComment)
    }
    const stopBeating = core.keepAlive === 0 ? undefined : core.pulse.join(beat, core.keepAlive)
    response.on("close", () => {
      stopBeating?.()
      clients.delete(sessionId)
    })
    serving.catch((error) => {
      internalError("a stream of events did not open", error)
      response.destroy()
    })
  }

  const listen = (request: IncomingMessage, response: ServerResponse, head: GateHead) => {
    const passed = draining ? shuttingDown : clients.size >= mostClients ? full : gates.stream(head, false)
    if (head.method === "POST" && typeof passed === "number") {
      // clients that try streamable HTTP first know by this that they must not
      refuseUnread(request, response, getOnly, false)
    } else if (typeof passed !== "number") refuseUnread(request, response, passed, draining)
    else {
      const stop = runAuthenticate(core.authenticate, head, (decision) => {
        if (isRefusal(decision)) refuseUnread(request, response, decision, draining)
        else open(response, decision)
      })
      response.on("close", () => stop?.())
    }
  }

  const take = (request: IncomingMessage, response: ServerResponse, head: GateHead) => {
    const refuse = (refused: Refusal, closing = draining) => refuseUnread(request, response, refused, closing)
    const passed = gates.messages(head, false)
    if (typeof passed !== "number") return refuse(passed)
    if (head.method !== "POST") return refuse(postOnly)
    const stop = runAuthenticate(core.authenticate, head, (decision) => {
      if (isRefusal(decision)) return refuse(decision)
      const client = clients.get(sessionOf(request.url!))
      const { id, anonymous } = decision
      if (client === undefined || client.owner.id !== id || client.owner.anonymous !== anonymous) return refuse(unknown)
      const stopReading = readBody(request, response, core, (body) => {
        if (!Buffer.isBuffer(body)) return refuse(body, true)
        const text = body.toString()
        if (text.includes("\ufffd") && !isUtf8(body)) return refuse(notUtf8)
        const parsed = parseJson(text, core.maxDepth, core.strictJson)
        if (!parsed.ok) return refuse(parsed.refusal)
        response.writeHead(202, { "content-length": 0 }).end()
        client.receive(parsed.value)
      })
      response.on("close", stopReading)
    })
    response.on("close", () => stop?.())
  }

  return {
    exchange: (request, response, head) => {
      if (head.path === path) listen(request, response, head)
      else if (head.path === messagesPath) take(request, response, head)
      else return false
      return true
    },
    drain: async (graceMillis) => {
      draining = true
      await Promise.all(
        [...clients.values()].map(({ serving }) => serving.then(({ drain }) => drain(graceMillis)).catch(() => {}))
      )
    }
  }
}

/** The SDK's transport, with a `send` that waits for a client that reads slowly. */
const carrierOf = (transport: SSEServerTransport, response: ServerResponse): MessageTransport => {
  const carrier: MessageTransport = {
    start: () => transport.start(),
    close: () => transport.close(),
    send: async (message) => {
      await transport.send(message)
      if (response.writableLength > maxUnreadBytes) await read(response)
    }
  }
  transport.onclose = () => carrier.onclose?.()
  return carrier
}

const read = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done)
      response.off("close", done)
      resolve()
    }
    response.once("drain", done)
    response.once("close", done)
  })

const sessionOf = (target: string): string =>
  new URLSearchParams(target.slice(target.indexOf("?") + 1)).get("sessionId") ?? ""

const getOnly = refusal("method-not-allowed", "This is the stream of the 2024-11-05 transport: open it by GET.", {
  headers: { allow: "GET" }
})

const full = refusal("draining", "As many clients as this server takes have a stream open; try again later.", {
  headers: { "retry-after": "10" }
})

const postOnly = refusal("method-not-allowed", "Messages of the 2024-11-05 transport are posted here.", {
  headers: { allow: "POST" }
})

const unknown = refusal(
  "unknown-session",
  "The sessionId of the query is not known here, or its stream has ended; open a new one by GET."
)
