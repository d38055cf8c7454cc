import { Elicitation, server, tool } from "mcpipe"
import * as v from "valibot"
import { askQuestions, serverInfo } from "../workload.mjs"

const [first, second, third] = askQuestions

// as handlers are written: a form where it is asked, made anew in each run
const generator = tool({ name: "ask" }, function* () {
  const a = yield* Elicitation.form(first, { value: v.string() })
  const b = yield* Elicitation.form(second, { value: v.string() })
  const c = yield* Elicitation.form(third, { value: v.string() })
  return `${a.value} ${b.value} ${c.value}`
})

const plain = tool({ name: "ask" }, async (_, { elicit }) => {
  const a = await elicit(first, { value: v.string() })
  const b = await elicit(second, { value: v.string() })
  const c = await elicit(third, { value: v.string() })
  return `${a.value} ${b.value} ${c.value}`
})

const value = { value: v.string() }

const constants = tool({ name: "ask" }, function* () {
  const a = yield* Elicitation.form(first, value)
  const b = yield* Elicitation.form(second, value)
  const c = yield* Elicitation.form(third, value)
  return `${a.value} ${b.value} ${c.value}`
})

export const askers = {
  generator: server(serverInfo).tool(generator),
  async: server(serverInfo).tool(plain),
  constants: server(serverInfo).tool(constants)
}
