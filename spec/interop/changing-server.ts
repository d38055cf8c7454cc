import { Changes, Effect, prompt, resource, server, tool } from "mcpipe"
import * as v from "valibot"
import { shelf } from "../kit/shelf.ts"

let changes = 0

const held = () => ({
  tools: [tool({ name: `tool_${changes}` }, () => "")],
  prompts: [prompt({ name: `prompt_${changes}` }, () => "")],
  resources: [resource({ uri: `plugin://${changes}` }, () => "")]
})
let current = held()

const plugins = shelf({ holds: Object.values(current).flat() })

/** Changes the list of one kind, as often as it is called. */
const change = tool({ name: "change", input: { kind: v.picklist(["tools", "prompts", "resources"]) } }, ({ kind }) => {
  changes++
  current = { ...current, [kind]: held()[kind] }
  plugins.put(...Object.values(current).flat())
})

const touch = tool({ name: "touch", input: { uri: v.string() } }, ({ uri }) =>
  Effect.flatMap(Changes, ({ resourceUpdated }) => resourceUpdated(uri))
)

const note = resource({ uri: "note://{id}" }, ({ id }) => id)

const notes = server({ name: "notes", version: "1.0.0" }).add(touch, note)

/** A server whose lists and resources change when a tool says so. */
export default server({ name: "changing", version: "1.0.0" })
  .add(change, touch, note)
  .mount("team", notes)
  .source(plugins.source)
