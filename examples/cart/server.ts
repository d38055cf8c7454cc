/** State that outlives a call, in plain async functions. `effect.ts` is the same server in Effect style. */
import { server, Session, tool } from "mcpipe"
import * as v from "valibot"

// #region state
const items = Session.state("items", v.array(v.string()), { initial: () => [], ttl: 3_600_000 })

const openCart = tool(
  { name: "open_cart", description: "Open a cart; its handle opens it again." },
  async (_, { run }) => {
    const { handle } = await run(Session.create())
    return handle
  }
)

const addItem = tool(
  { name: "add_item", description: "Put something in a cart.", input: { cart: v.string(), item: v.string() } },
  async ({ cart, item }, { run }) => {
    const session = await run(Session.open(cart))
    return run(items.in(session).update((now) => [...now, item]))
  }
)
// #endregion state

const remember = tool(
  {
    name: "remember",
    description: "Keep something for the caller, who needs a session or a name.",
    input: { item: v.string() }
  },
  async ({ item }, { run }) => run(items.update((now) => [...now, item]))
)

export default server({ name: "cart", version: "1.0.0" }).add(openCart, addItem, remember)
