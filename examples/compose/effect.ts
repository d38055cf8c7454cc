/** The server of `server.ts` again, in Effect style. */
import { Content, Effect, Resource, ResourceNotFound, resource, Server, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { Library, LibraryLive } from "./library.ts"
import { CurrentUser, logRequests, membersOnly, withUser } from "./middleware.ts"

const book = resource({ uri: "book://{isbn}", name: "book", description: "A book." }, function* ({ isbn }) {
  const { books } = yield* Library
  const found = books.find((book) => book.isbn === isbn)
  return found ?? (yield* Effect.fail(new ResourceNotFound(`there is no book ${isbn}`)))
})

// #region search
const search = tool(
  { name: "search", description: "Find books by title.", input: { text: v.string() } },
  function* ({ text }) {
    const { books } = yield* Library
    const found = books.filter(({ title }) => title.toLowerCase().includes(text.toLowerCase()))
    if (found.length === 0) return `No book matches ${text}.`
    return found.map(({ isbn, title }) => Content.link(book, { variables: { isbn }, name: title }))
  }
)
// #endregion search

const loan = resource({ uri: "loan://{isbn}", name: "loan", description: "Who has a book." }, function* ({ isbn }) {
  const found = (yield* Library).loans.get(isbn)
  return found ?? (yield* Effect.fail(new ResourceNotFound("nobody has this book")))
})

const borrow = tool(
  { name: "borrow", description: "Borrow a book.", input: { isbn: v.string() } },
  function* ({ isbn }) {
    const { loans } = yield* Library
    const user = yield* CurrentUser
    if (loans.has(isbn)) return yield* Effect.fail(new ToolError("Somebody has this book."))
    loans.set(isbn, { isbn, reader: user.name })
    return [Content.text(`Enjoy it, ${user.name}.`), Content.link(Resource.ref(`loan://${isbn}`))]
  }
)

const catalog = server({ name: "catalog", version: "1.0.0" }).pipe(Server.tool(search), Server.resource(book))

const loans = server({ name: "loans", version: "1.0.0" }).pipe(
  Server.tool(borrow),
  Server.resource(loan),
  Server.use(membersOnly)
)

// #region main
export default server({ name: "library", version: "1.0.0" }).pipe(
  Server.mount("catalog", catalog),
  Server.mount("loans", loans),
  Server.use(logRequests),
  Server.use(withUser),
  Server.provide(LibraryLive)
)
// #endregion main
