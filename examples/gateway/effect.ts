/** The gateway of `server.ts` again, in Effect style. */
import { Effect, Server, server } from "mcpipe"
import { audit, rateLimit, redact } from "mcpipe/middleware"
import { toolSearch, transformTools } from "mcpipe/transforms"
import { crm, help, tickets } from "./upstreams.ts"

const recorded = audit({
  methods: ["tools/call"],
  sink: ({ principal, method, name, outcome }) =>
    Effect.sync(() => console.error(`audit: ${principal} ${method} ${name ?? ""}: ${outcome}`))
})

const customers = transformTools({
  find: { name: "find_customer", description: "Find customers: id, name and e-mail.", omit: ["customers[].score"] }
})

export default server({ name: "gateway", version: "1.0.0" }).pipe(
  Server.mount("crm", crm, { except: { tag: "admin" }, transform: customers }),
  Server.mount("tickets", tickets),
  Server.mount("help", help),
  Server.use(recorded),
  Server.use(rateLimit({ perMinute: 60 })),
  Server.use(redact({ patterns: ["email"] })),
  Server.transform(toolSearch({ alwaysVisible: "help_*" }))
)
