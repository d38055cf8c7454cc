import { prompt, tool } from "mcpipe"
import { source } from "../../lib/builder/source.ts"

/** What comes and goes when a trigger is called. */
const present = { tools: false, prompts: false }
let notify = () => {}

const comes = tool({ name: "test_comes_and_goes", description: "There half of the time" }, () => "Here I am.")
const said = prompt({ name: "test_comes_and_goes", description: "There half of the time" }, () => "Here I am.")

/** The part of the fixture whose lists change. */
export const changing = source({
  name: "what comes and goes",
  load: () => [...(present.tools ? [comes] : []), ...(present.prompts ? [said] : [])],
  changes: (tell) => {
    notify = tell
  },
  kinds: ["tools", "prompts"]
})

const trigger = (kind: keyof typeof present) => () => {
  present[kind] = !present[kind]
  notify()
  return `The list of ${kind} changes.`
}

export const triggers = [
  tool({ name: "test_trigger_tool_change", description: "Changes the list of tools" }, trigger("tools")),
  tool({ name: "test_trigger_prompt_change", description: "Changes the list of prompts" }, trigger("prompts"))
]
