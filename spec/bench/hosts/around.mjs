// Message object in, message object out, with middleware and mounts around the adder.
import { serve } from "mcpipe"
import { around } from "../servers/mcpipe-around.mjs"
import { caller, overTransport } from "./messages.mjs"
import { answer } from "../floors.mjs"

const served = (made) => (era) => overTransport(era, async (transport) => void (await serve(made(), { transport })))

export const subjects = {
  floor: (era) => caller(era, (hear) => (message) => void (message.id === undefined || hear(answer(message)))),
  ...Object.fromEntries(Object.entries(around).map(([name, made]) => [name, served(made)]))
}
