import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** The responses of one connection that wait, or waited, behind others. */
interface Pipeline {
  readonly open: Set<ServerResponse>
  /** The newest of them, while it is open. */
  last: ServerResponse | undefined
}

const pipelines = new WeakMap<Socket, Pipeline>()

/**
 * Tells a response pipelined behind others (RFC 9112 §9.3.2) that its connection is gone by the `close` that Node emits on
 * none but the one that holds the socket.
 */
export const followPipelined = ({ socket }: IncomingMessage, response: ServerResponse): void => {
  if (response.socket !== null) return
  const pipeline = pipelines.get(socket) ?? pipelineOf(socket)
  pipeline.open.add(response)
  pipeline.last = response
  response.once("close", () => {
    pipeline.open.delete(response)
    if (pipeline.last === response) pipeline.last = undefined
  })
}

const pipelineOf = (socket: Socket): Pipeline => {
  const pipeline: Pipeline = { open: new Set(), last: undefined }
  pipelines.set(socket, pipeline)
  socket.once("close", () => {
    for (const response of [...pipeline.open]) {
      if (response.socket !== null) continue
      response.destroy()
      response.emit("close")
    }
  })
  return pipeline
}

/** Whether a response is over, sent or not. Node's own `closed` does not know of those that never held the socket. */
export const isOver = (response: ServerResponse): boolean =>
  response.closed || (response.destroyed && response.socket === null)

/** Whether no request waits behind this one on its connection. */
export const isLast = (response: ServerResponse): boolean => {
  const last = pipelines.get(response.req.socket)?.last
  return last === undefined || last === response
}
