/** One server in front of three: what they offer is renamed, cleaned, counted, recorded and searched for. */
import { server } from "mcpipe"
import { audit, type AuditRecord, rateLimit, redact } from "mcpipe/middleware"
import { toolSearch, transformTools } from "mcpipe/transforms"
import { crm, help, tickets } from "./upstreams.ts"

const record = ({ principal, method, name, outcome }: AuditRecord) =>
  console.error(`audit: ${principal} ${method} ${name ?? ""}: ${outcome}`)

// #region main
export default server({ name: "gateway", version: "1.0.0" })
  .mount("crm", crm, {
    except: { tag: "admin" },
    transform: transformTools({
      find: { name: "find_customer", description: "Find customers: id, name and e-mail.", omit: ["customers[].score"] }
    })
  })
  .mount("tickets", tickets)
  .mount("help", help)
  .use(audit({ sink: record, methods: ["tools/call"] }))
  .use(rateLimit({ perMinute: 60 }))
  .use(redact({ patterns: ["email"] }))
  .transform(toolSearch({ alwaysVisible: "help_*" }))
// #endregion main
