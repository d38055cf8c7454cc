/** What both servers of this example work on: a service with a few books, built once and shared. */
import { Context, Effect, Layer } from "mcpipe"

export interface Book {
  readonly isbn: string
  readonly title: string
}

export interface Loan {
  readonly isbn: string
  readonly reader: string
}

export class Library extends Context.Service<
  Library,
  {
    readonly books: ReadonlyArray<Book>
    /** By ISBN. */
    readonly loans: Map<string, Loan>
  }
>()("example/Library") {}

export const LibraryLive = Layer.effect(
  Library,
  Effect.sync(() => {
    console.error("library: opened")
    return {
      books: [
        { isbn: "9780141439600", title: "Great Expectations" },
        { isbn: "9780141439518", title: "Pride and Prejudice" }
      ],
      loans: new Map()
    }
  })
)
