/** A small in-memory database, and the service that servers reach it through. It says on stderr when it opens and closes. */
import { Context, lifespan } from "mcpipe"

export interface Note {
  readonly id: number
  readonly text: string
}

export class NotesDatabase {
  readonly #notes: Array<Note> = []
  #readers = 0

  static async open(): Promise<NotesDatabase> {
    console.error("notes: opened")
    return new NotesDatabase()
  }

  async close(): Promise<void> {
    console.error(`notes: closed with ${this.#notes.length} notes`)
  }

  async add(text: string): Promise<Note> {
    const note = { id: this.#notes.length + 1, text }
    this.#notes.push(note)
    return note
  }

  async find(id: number): Promise<Note | undefined> {
    return this.#notes[id - 1]
  }

  /** A reader that somebody has to release. */
  async reader(): Promise<{ readonly all: () => Promise<ReadonlyArray<Note>>; readonly release: () => void }> {
    console.error(`notes: ${++this.#readers} reading`)
    return {
      all: async () => [...this.#notes],
      release: () => console.error(`notes: ${--this.#readers} reading`)
    }
  }

  /** Never answers: stands for a slow query. Rejects once `signal` is aborted. */
  slowQuery(signal: AbortSignal): Promise<ReadonlyArray<Note>> {
    console.error("notes: slow query started")
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        console.error("notes: slow query stopped")
        reject(signal.reason)
      })
    })
  }
}

// #region service
export class Notes extends Context.Service<Notes, NotesDatabase>()("example/Notes") {}

export const NotesLive = lifespan(
  Notes,
  () => NotesDatabase.open(),
  (database) => database.close()
)
// #endregion service
