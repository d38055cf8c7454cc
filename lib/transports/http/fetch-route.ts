import type * as Context from "effect/Context"
import { shuttingDown } from "../drain.ts"
import { readBody } from "./fetch-body.ts"
import type { FetchState, FetchWork } from "./fetch-exchange.ts"
import type { GateHead } from "./gate.ts"
import { refusedResponse } from "./route-response.ts"
import { runRoute } from "./route-run.ts"
import type { Routed } from "./router.ts"

/** Serves one fetch request to a route. */
export const exchangeRoute = (
  { core, enter, leave }: FetchState,
  context: Context.Context<never>,
  request: Request,
  head: GateHead,
  routed: Extract<Routed, { readonly type: "route" }>
): Promise<Response> =>
  new Promise((resolve) => {
    const controller = new AbortController()
    let ended = false
    let stop = () => {}
    let cut: (() => void) | undefined
    const left = () => interrupt("The client has left.", new Response(null, { status: 499 }))
    const end = () => {
      ended = true
      request.signal.removeEventListener("abort", left)
      leave(work)
    }
    const interrupt = (why: string, instead: Response) => {
      if (ended) return
      stop()
      controller.abort(new Error(why))
      cut?.()
      end()
      resolve(instead)
    }
    const work: FetchWork = {
      before: undefined,
      after: undefined,
      interrupt: () => {
        interrupt("The server is shutting down.", refusedResponse(shuttingDown))
        return undefined
      }
    }
    enter(work)
    request.signal.addEventListener("abort", left)
    stop = runRoute({
      core,
      context,
      head,
      routed,
      signal: controller.signal,
      headers: () => new Headers(request.headers),
      readBody: (done) => {
        readBody(request, core, done)?.limitTime()
        return undefined
      },
      refuse: (refused) => {
        end()
        resolve(refusedResponse(refused))
      },
      respond: (given, streams) => {
        const { body, status, headers } = given
        if (streams && head.method !== "HEAD") {
          const followed = following(body!, end)
          cut = followed.cut
          resolve(new Response(followed.stream, { status, headers }))
          return
        }
        end()
        if (head.method !== "HEAD") return resolve(given)
        void body?.cancel().catch(() => {})
        resolve(new Response(null, { status, headers }))
      }
    })
    if (request.signal.aborted) left()
  })

/** The same bytes; `end` hears when the last of them was taken, or nobody wants them any more. */
const following = (body: ReadableStream<Uint8Array>, end: () => void) => {
  const reader = body.getReader()
  let own: ReadableStreamDefaultController<Uint8Array>
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      own = controller
    },
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        controller.close()
      } catch (error) {
        controller.error(error)
      }
      end()
    },
    cancel: (reason) => {
      end()
      return reader.cancel(reason)
    }
  })
  const cut = () => {
    own.error(new Error("The response was cut off."))
    void reader.cancel().catch(() => {})
  }
  return { stream, cut }
}
