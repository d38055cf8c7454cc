/** The server of `server.ts` in Effect style. */
import { Effect, server, Session, tool } from "mcpipe"
import * as v from "valibot"

// #region state
const items = Session.state("items", v.array(v.string()), { initial: () => [], ttl: 3_600_000 })

const openCart = tool({ name: "open_cart", description: "Open a cart; its handle opens it again." }, () =>
  Effect.map(Session.create(), ({ handle }) => handle)
)

const addItem = tool(
  { name: "add_item", description: "Put something in a cart.", input: { cart: v.string(), item: v.string() } },
  function* ({ cart, item }) {
    const session = yield* Session.open(cart)
    return yield* items.in(session).update((now) => [...now, item])
  }
)
// #endregion state

const remember = tool(
  {
    name: "remember",
    description: "Keep something for the caller, who needs a session or a name.",
    input: { item: v.string() }
  },
  ({ item }) => items.update((now) => [...now, item])
)

export default server({ name: "cart", version: "1.0.0" }).add(openCart, addItem, remember)
