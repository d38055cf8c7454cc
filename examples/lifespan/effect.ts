/** The server of `server.ts` again, in Effect style. */
import { ClientLog, Data, Effect, Layer, Progress, server, tool } from "mcpipe"
import * as v from "valibot"
import { Notes, NotesDatabase } from "./notes.ts"

// #region layer
const NotesLive = Layer.effect(
  Notes,
  Effect.acquireRelease(
    Effect.promise(() => NotesDatabase.open()),
    (database) => Effect.promise(() => database.close())
  )
)
// #endregion layer

// #region yield
const addNote = tool(
  { name: "add_note", description: "Keep a note.", input: { text: v.string() } },
  function* ({ text }) {
    const notes = yield* Notes
    return yield* Effect.promise(() => notes.add(text))
  }
)
// #endregion yield

// #region fail
class NoNote extends Data.TaggedError("NoNote")<{ readonly id: number }> {
  override get message() {
    return `There is no note ${this.id}.`
  }
}

const getNote = tool(
  { name: "get_note", description: "Read a note.", input: { id: v.number() }, errors: [NoNote] },
  function* ({ id }) {
    const notes = yield* Notes
    const note = yield* Effect.promise(() => notes.find(id))
    return note ?? (yield* new NoNote({ id }))
  }
)
// #endregion fail

const backup = tool({ name: "backup", description: "Always fails, as a bug would." }, () =>
  Effect.fail(new Error("cannot write /var/secret/notes.db"))
)

// #region context
const importNotes = tool(
  { name: "import_notes", description: "Keep several notes.", input: { texts: v.array(v.string()) } },
  function* ({ texts }) {
    const notes = yield* Notes
    const reader = yield* Effect.acquireRelease(
      Effect.promise(() => notes.reader()),
      (reader) => Effect.sync(reader.release)
    )
    for (const [index, text] of texts.entries()) {
      yield* Effect.promise(() => notes.add(text))
      yield* Progress.report(index + 1, texts.length, text)
    }
    const total = (yield* Effect.promise(reader.all)).length
    yield* ClientLog.log("info", `There are ${total} notes now.`)
    return { imported: texts.length, total }
  }
)
// #endregion context

// #region signal
const search = tool({ name: "search", description: "A slow search.", timeout: 5_000 }, function* () {
  const notes = yield* Notes
  return yield* Effect.tryPromise((signal) => notes.slowQuery(signal))
})
// #endregion signal

export default server({ name: "lifespan", version: "1.0.0" })
  .add(addNote, getNote, backup, importNotes, search)
  .provide(NotesLive)
