/** Serves this example: `main.ts [--effect] [--http]`. Over HTTP, `Authorization: Bearer <name>` says who you are. */
import { type Authenticate, refuse, serve } from "mcpipe"
import effect from "./effect.ts"
import plain from "./server.ts"

const flags = process.argv.slice(2)
const chosen = flags.includes("--effect") ? effect : plain
const port = Number(process.env["PORT"] ?? 3000)

// #region authenticate
/** A real server would look the token up. */
const authenticate: Authenticate = (head) => {
  const name = head.headers.get("authorization")?.match(/^Bearer (\w+)$/)?.[1]
  return name === undefined
    ? refuse({ status: 401, message: "Send a bearer token.", headers: { "WWW-Authenticate": "Bearer" } })
    : { id: name }
}
// #endregion authenticate

const serving = await serve(chosen, flags.includes("--http") ? { http: { port, authenticate } } : {})
if (serving.url !== undefined) console.error(`Listening at ${serving.url}`)
