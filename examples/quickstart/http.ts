/** This server over HTTP; PORT is 3000 unless set. */
// #region http
import { serve } from "mcpipe"
import main from "./server.ts"

const serving = await serve(main, { http: { port: Number(process.env["PORT"] ?? 3000) } })
console.error(`Listening at ${serving.url}`)
// #endregion http
