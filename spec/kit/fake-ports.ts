import { EventEmitter, once } from "node:events"
import type { HttpHead, InFlight, Peer, Ports, Reply, Sink } from "../../lib/protocol/exchange.ts"
import type { JsonRpcRequest } from "../../lib/protocol/json-rpc.ts"
import { errorOf, refusal, statusOf } from "../../lib/protocol/reasons.ts"
import type { PrincipalShape } from "../../lib/services/principal.ts"
import type { AppLike } from "../../lib/transports/running.ts"

/** A protocol small enough to see through, so that transport specs test transports only. */
export interface FakePorts {
  readonly ports: Ports
  /** Everything received, in order. */
  readonly received: Array<unknown>
  readonly heads: Array<HttpHead>
  readonly principals: Array<PrincipalShape>
  /** Why requests were interrupted, in order. */
  readonly interrupts: Array<string>
  /** How many notifications the latest `flood` has sent. */
  readonly sent: () => number
  /** Answers all held requests. */
  readonly release: () => void
  /** Settles at the next `event`: "held", "interrupted" or "received". */
  readonly next: (event: "held" | "interrupted" | "received") => Promise<unknown>
}

export interface FakeRequest extends JsonRpcRequest {
  readonly params?: { readonly [key: string]: unknown; readonly count?: number; readonly text?: string } | undefined
}

type Answer = (reply: Reply) => void

/**
 * Methods: `echo` answers its params at once, `later` after a promise, `hold` when released, `notify` and `notify-hold` send
 * `count` progress notifications first, `flood` sends `count` of them (with `text`) as fast as there is room, `ask` sends `count` notifications, asks for roots and answers how that went, `prepared` answers bytes, `constant` one shared object, `print` writes to
 * console.log, `status` chooses an HTTP status, `throw` throws, `many` answers `text` `count` times over.
 */
export const fakePorts = (): FakePorts => {
  const events = new EventEmitter()
  const received: Array<unknown> = []
  const heads: Array<HttpHead> = []
  const principals: Array<PrincipalShape> = []
  const interrupts: Array<string> = []
  const held = new Set<() => void>()
  let sent = 0

  const run = (request: FakeRequest, sink: Pick<Sink, "notify" | "ask">, reply: Answer): InFlight | undefined => {
    const ok = (result: Readonly<Record<string, unknown>>, extra?: Partial<Reply>) =>
      reply({ status: 200, message: { jsonrpc: "2.0", id: request.id, result }, ...extra })
    const { method, params = {} } = request
    switch (method) {
      case "later":
        void Promise.resolve().then(() => ok(params))
        return { interrupt: () => {} }
      case "notify":
      case "notify-hold":
        for (let progress = 1; progress <= (params.count ?? 1); progress++) {
          sink.notify({
            jsonrpc: "2.0",
            method: "notifications/progress",
            params: { progressToken: request.id, progress }
          })
        }
        if (method === "notify") {
          ok({ done: true })
          return undefined
        }
        break
      case "flood": {
        const { count = 1, text } = params
        let progress = 0
        const go = () => {
          while (progress < count) {
            sent = ++progress
            const message = text === undefined ? {} : { message: text }
            const told = { progressToken: request.id, ...message, progress }
            const room = sink.notify({ jsonrpc: "2.0", method: "notifications/progress", params: told })
            if (room !== undefined) {
              void room.then(go)
              return
            }
          }
          ok({ done: true })
        }
        // in a turn of its own, as most work is
        queueMicrotask(go)
        return { interrupt: (why) => void interrupts.push(why) }
      }
      case "ask": {
        for (let n = 0; n < (params.count ?? 0); n++) sink.notify({ jsonrpc: "2.0", method: "notifications/x" })
        ok({ why: sink.ask({ jsonrpc: "2.0", id: "asked-1", method: "roots/list" }) ?? "asked" })
        return undefined
      }
      case "hold":
        break
      case "prepared":
        ok({}, { tailBytes: new TextEncoder().encode('{"tools":[{"name":"größe"}]}}') })
        return undefined
      case "constant":
        ok(constant)
        return undefined
      case "bigint":
        ok({ value: 1n })
        return undefined
      case "print":
        console.log(params.text)
        ok({})
        return undefined
      case "status": {
        const refused = refusal("unknown-method", "No such method.", { headers: { "x-extra": "1" } })
        reply({
          status: statusOf(refused, "sessionless"),
          headers: refused.headers,
          message: errorOf(refused, "sessionless", request.id)
        })
        return undefined
      }
      case "throw":
        throw new Error("secret fault")
      case "many":
        ok({ text: String(params.text).repeat(params.count ?? 1) })
        return undefined
      default:
        ok(params)
        return undefined
    }
    const finish = () => {
      held.delete(finish)
      ok({ released: true })
    }
    held.add(finish)
    queueMicrotask(() => events.emit("held"))
    return {
      interrupt: (why) => {
        held.delete(finish)
        interrupts.push(why)
        if (why === "drained") {
          const refused = refusal("interrupted", "The server stopped before it could answer.")
          reply({ status: statusOf(refused, "sessionless"), message: errorOf(refused, "sessionless", request.id) })
        }
        events.emit("interrupted")
      }
    }
  }

  const constant = { list: [1, { deep: true }] }

  const connect = (peer: Peer) => {
    const open = new Set<InFlight>()
    const idle: Array<() => void> = []
    return {
      receive: (message: unknown) => {
        received.push(message)
        const request = message as FakeRequest
        if (request.id !== undefined) {
          let answered = false
          let work: InFlight | undefined
          const ask: Sink["ask"] = (message) => {
            peer.send(message)
            return undefined
          }
          const notify: Sink["notify"] = (message) => peer.send(message)
          work = run(request, { notify, ask }, (reply) => {
            answered = true
            peer.send(reply.message!, reply.tailBytes)
            if (work !== undefined && open.delete(work) && open.size === 0) {
              for (const listener of idle) {
                listener()
              }
            }
          })
          if (work !== undefined && !answered) {
            open.add(work)
          }
        }
        events.emit("received", message)
      },
      pending: () => open.size,
      onIdle: (listener: () => void) => {
        idle.push(listener)
      },
      interrupt: (why: "disconnected" | "drained") => {
        for (const work of [...open]) {
          work.interrupt(why)
        }
      },
      end: () => {},
      ended: () => {
        received.push("ended")
      }
    }
  }

  return {
    ports: {
      http: () => ({
        receive: (body, head, principal, sink) => {
          received.push(body)
          heads.push(head)
          principals.push(principal)
          const request = body as FakeRequest
          if (request.id === undefined) {
            sink.reply({ status: 202 })
            return undefined
          }
          return run(request, sink, (reply) => sink.reply(reply))
        },
        listen: (head, principal, sink) => {
          received.push(head.method)
          heads.push(head)
          principals.push(principal)
          sink.begin()
          return { interrupt: sink.close as () => undefined }
        },
        end: (head, principal, sink) => {
          received.push(head.method)
          heads.push(head)
          principals.push(principal)
          sink.reply({ status: 200 })
          return undefined
        }
      }),
      connect
    },
    received,
    heads,
    principals,
    interrupts,
    sent: () => sent,
    release: () => {
      for (const finish of [...held]) {
        finish()
      }
    },
    next: (event) => once(events, event)
  }
}

/** An app over fake ports that counts its starts and disposals. */
export const fakeApp = (fake: FakePorts = fakePorts(), start: () => void = () => {}) => {
  const counts = { starts: 0, disposals: 0 }
  const app: AppLike = {
    start: async () => {
      counts.starts++
      start()
      return { ports: fake.ports }
    },
    dispose: async () => {
      counts.disposals++
    }
  }
  return { app, counts, ...fake }
}
