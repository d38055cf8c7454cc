/** Two servers made into one, in plain async functions. `effect.ts` is the same in Effect style. */
import { Content, Resource, ResourceNotFound, resource, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { Library, LibraryLive } from "./library.ts"
import { CurrentUser, logRequests, membersOnly, withUser } from "./middleware.ts"

// #region catalog
const book = resource(
  { uri: "book://{isbn}", name: "book", description: "A book.", uses: { library: Library } },
  async ({ isbn }, { library }) => {
    const found = library.books.find((book) => book.isbn === isbn)
    if (found === undefined) throw new ResourceNotFound(`there is no book ${isbn}`)
    return found
  }
)

const search = tool(
  { name: "search", description: "Find books by title.", input: { text: v.string() }, uses: { library: Library } },
  async ({ text }, { library }) => {
    const found = library.books.filter(({ title }) => title.toLowerCase().includes(text.toLowerCase()))
    if (found.length === 0) return `No book matches ${text}.`
    return found.map(({ isbn, title }) => Content.link(book, { variables: { isbn }, name: title }))
  }
)

const catalog = server({ name: "catalog", version: "1.0.0" }).tool(search).resource(book)
// #endregion catalog

// #region loans
const loan = resource(
  { uri: "loan://{isbn}", name: "loan", description: "Who has a book.", uses: { library: Library } },
  async ({ isbn }, { library }) => {
    const found = library.loans.get(isbn)
    if (found === undefined) throw new ResourceNotFound("nobody has this book")
    return found
  }
)

const borrow = tool(
  {
    name: "borrow",
    description: "Borrow a book.",
    input: { isbn: v.string() },
    uses: { library: Library, user: CurrentUser }
  },
  async ({ isbn }, { library, user }) => {
    if (library.loans.has(isbn)) throw new ToolError("Somebody has this book.")
    library.loans.set(isbn, { isbn, reader: user.name })
    return [Content.text(`Enjoy it, ${user.name}.`), Content.link(Resource.ref(`loan://${isbn}`))]
  }
)

const loans = server({ name: "loans", version: "1.0.0" }).tool(borrow).resource(loan).use(membersOnly)
// #endregion loans

// #region main
export default server({ name: "library", version: "1.0.0" })
  .mount("catalog", catalog)
  .mount("loans", loans)
  .use(logRequests)
  .use(withUser)
  .provide(LibraryLive)
// #endregion main
