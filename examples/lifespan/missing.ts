/** What the compiler says when a service is missing; nothing here runs. */
import { serve, server, tool } from "mcpipe"
import { Notes } from "./notes.ts"

// #region missing
const first = tool({ name: "first", uses: { notes: Notes } }, async (_, { notes }) => notes.find(1))

// @ts-expect-error no layer gives Notes
export const start = () => serve(server({ name: "notes", version: "1.0.0" }).tool(first))
// #endregion missing
