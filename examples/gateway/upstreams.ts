/** Three servers that know nothing of each other, as three teams may have written them. */
import { Content, resource, server, tool } from "mcpipe"
import * as v from "valibot"

const customers = [
  { id: "c1", name: "Ada Lovelace", email: "ada@example.com", score: 91 },
  { id: "c2", name: "Grace Hopper", email: "grace@example.com", score: 87 }
]

const customer = v.object({ id: v.string(), name: v.string(), email: v.string(), score: v.number() })

const find = tool(
  {
    name: "find",
    description: "Find customers by name.",
    input: { name: v.string() },
    output: v.object({ customers: v.array(customer) }),
    annotations: { readOnlyHint: true }
  },
  ({ name }) => ({ customers: customers.filter((one) => one.name.toLowerCase().includes(name.toLowerCase())) })
)

const wipe = tool({ name: "wipe", description: "Delete all customers.", tags: ["admin"] }, () => "Gone.")

export const crm = server({ name: "crm", version: "1.0.0" }).add(find, wipe)

const ticket = resource({ uri: "ticket://{id}", name: "ticket", description: "A ticket." }, ({ id }) => ({
  id,
  open: true
}))

const open = tool(
  {
    name: "open",
    description: "Open a support ticket for a customer.",
    input: { customer: v.string(), text: v.string() }
  },
  ({ customer, text }) => [
    Content.text(`Opened T1 for ${customer}: ${text}`),
    Content.link(ticket, { variables: { id: "T1" }, name: "T1" })
  ]
)

export const tickets = server({ name: "tickets", version: "1.0.0" }).add(open, ticket)

const articles = new Map([
  ["refunds", "Refunds take five days."],
  ["shipping", "Parcels leave on the day they are ordered."]
])

const article = tool(
  { name: "article", description: "Read a help article.", input: { title: v.picklist([...articles.keys()]) } },
  ({ title }) => articles.get(title)
)

export const help = server({ name: "help", version: "1.0.0" }).tool(article)
