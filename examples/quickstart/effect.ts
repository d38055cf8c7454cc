/** The server of `server.ts` again, in Effect style: handlers are generator functions or return Effects. */
import {
  Content,
  Effect,
  Prompt,
  prompt,
  ResourceNotFound,
  resource,
  result,
  Server,
  server,
  ToolError,
  tool
} from "mcpipe"
import * as v from "valibot"
import { findCity, names } from "./weather.ts"

const add = tool(
  { name: "add", description: "Add two numbers.", input: { a: v.number(), b: v.number() } },
  ({ a, b }) => Effect.succeed(a + b)
)

// #region forecast
const forecast = tool(
  {
    name: "forecast",
    description: "Temperatures of the next days in a city.",
    input: {
      city: v.pipe(v.string(), v.minLength(1), v.description("Such as Oslo")),
      days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7)), 3)
    },
    output: v.strictObject({ city: v.string(), celsius: v.array(v.number()) }),
    annotations: { readOnlyHint: true }
  },
  function* ({ city, days }) {
    const found = yield* Effect.promise(() => findCity(city))
    if (found === undefined) {
      return yield* Effect.fail(new ToolError(`No weather for ${city}. Known cities: ${names.join(", ")}.`))
    }
    return { city: found.name, celsius: found.celsius.slice(0, days) }
  }
)
// #endregion forecast

const city = resource(
  {
    uri: "city://{name}",
    name: "city",
    description: "What we know about a city.",
    complete: {
      name: (prefix) => Effect.succeed(names.filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase())))
    }
  },
  function* ({ name }) {
    const found = yield* Effect.promise(() => findCity(name))
    return found ?? (yield* Effect.fail(new ResourceNotFound(`there is no city ${name}`)))
  }
)

const report = tool(
  { name: "report", description: "A week's report on a city, as a file.", input: { city: v.picklist(names) } },
  ({ city: name }) =>
    Effect.map(
      Effect.promise(() => findCity(name)),
      (found) => {
        const csv = found!.celsius.map((degrees, day) => `${day + 1},${degrees}`).join("\n")
        return result({
          content: [
            `The week in ${name}`,
            Content.file({ name: "week.csv", data: `day,celsius\n${csv}\n` }),
            Content.link(city, { variables: { name } })
          ],
          meta: { "example.com/source": "almanac" }
        })
      }
    )
)

const packing = prompt(
  {
    name: "packing_list",
    description: "Asks for a packing list.",
    args: {
      city: v.string(),
      days: v.optional(v.pipe(v.string(), v.digits(), v.transform(Number)), "3")
    },
    complete: { city: (prefix) => Effect.succeed(names.filter((name) => name.startsWith(prefix))) }
  },
  ({ city, days }) =>
    Effect.succeed([
      Prompt.user(`I travel to ${city} for ${days} days. What should I pack?`),
      Prompt.assistant("Here is a list, most important things first:")
    ])
)

// #region pipe
export default server({
  name: "quickstart",
  version: "1.0.0",
  instructions: "Weather of a few European cities."
}).pipe(Server.add(add, forecast, report), Server.resource(city), Server.prompt(packing))
// #endregion pipe
