// Message object in, message object out. A subject is a function that makes one call: undefined where the answer came at once.
import { register } from "node:module"
import { answer } from "../floors.mjs"
import { callMessage, opening } from "../workload.mjs"

/** A call over anything that takes a message and later, or before it returns, hears of an answer. */
export const caller = async (era, connect) => {
  let last
  let waiting
  const hear = (message) => {
    last = message
    const resume = waiting
    waiting = undefined
    resume?.()
  }
  const send = await connect(hear)
  const call = (id) => {
    last = undefined
    send(callMessage(era, id))
    if (last === undefined) {
      return new Promise((resolve) => {
        waiting = resolve
      }).then(() => right(last, id))
    }
    right(last, id)
  }
  const right = ({ id, result }, asked) => {
    if (id !== asked || result.content[0].text !== "5") throw new Error(`Wrong answer: ${JSON.stringify(last)}`)
  }
  for (const message of opening(era)) {
    send(message)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const check = async () => {
    await call(1)
    return JSON.stringify(last)
  }
  return Object.assign(call, { check })
}

/** The server's end of a pair that hands messages over as they are. */
const transportTo = (hear) => ({
  start: async () => {},
  close: async () => {},
  send: async (message) => hear(message)
})

export const overTransport = (era, connect) =>
  caller(era, async (hear) => {
    const transport = transportTo(hear)
    await connect(transport)
    return (message) => transport.onmessage(message)
  })

const served = async (transport) => {
  const { serve } = await import("mcpipe")
  const { adder } = await import("../servers/mcpipe.mjs")
  await serve(adder, { transport })
}

export const subjects = {
  floor: (era) => caller(era, (hear) => (message) => void (message.id === undefined || hear(answer(message)))),
  mcpipe: (era) => overTransport(era, served),
  // what is left of it without all that a call needs to be able to ask
  "mcpipe, never asking": (era) => {
    register("./never-asking.mjs", import.meta.url)
    return overTransport(era, async (transport) => {
      await served(transport)
      if (!globalThis.neverAsking) throw new Error("never-asking.mjs has found nothing to take away")
    })
  },
  "sdk-v1 low level": (era) =>
    overTransport(era, async (transport) => (await import("../servers/sdk-v1.mjs")).lowLevelAdder().connect(transport)),
  "sdk-v1": (era) =>
    overTransport(era, async (transport) => (await import("../servers/sdk-v1.mjs")).adder().connect(transport)),
  "sdk-v2": (era) =>
    overTransport(era, async (transport) => (await import("../servers/sdk-v2.mjs")).adder().connect(transport))
}
