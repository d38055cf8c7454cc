/** Tools that share a database, in plain async functions. `effect.ts` is the same server in Effect style. */
import { server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { Notes, NotesLive } from "./notes.ts"

// #region uses
const addNote = tool(
  { name: "add_note", description: "Keep a note.", input: { text: v.string() }, uses: { notes: Notes } },
  async ({ text }, { notes }) => notes.add(text)
)
// #endregion uses

// #region fail
const getNote = tool(
  { name: "get_note", description: "Read a note.", input: { id: v.number() }, uses: { notes: Notes } },
  async ({ id }, { notes }) => {
    const note = await notes.find(id)
    if (note === undefined) throw new ToolError(`There is no note ${id}.`)
    return note
  }
)
// #endregion fail

// #region masked
const backup = tool({ name: "backup", description: "Always fails, as a bug would." }, async () => {
  throw new Error("cannot write /var/secret/notes.db")
})
// #endregion masked

// #region context
const importNotes = tool(
  {
    name: "import_notes",
    description: "Keep several notes.",
    input: { texts: v.array(v.string()) },
    uses: { notes: Notes }
  },
  async ({ texts }, { notes, progress, log, signal, defer }) => {
    const reader = await notes.reader()
    defer(() => reader.release())
    for (const [index, text] of texts.entries()) {
      signal.throwIfAborted()
      await notes.add(text)
      await progress(index + 1, texts.length, text)
    }
    const total = (await reader.all()).length
    await log.info(`There are ${total} notes now.`)
    return { imported: texts.length, total }
  }
)
// #endregion context

// #region signal
const search = tool(
  { name: "search", description: "A slow search.", uses: { notes: Notes }, timeout: 5_000 },
  async (_, { notes, signal }) => notes.slowQuery(signal)
)
// #endregion signal

// #region provide
export default server({ name: "lifespan", version: "1.0.0" })
  .add(addNote, getNote, backup, importNotes, search)
  .provide(NotesLive)
// #endregion provide
