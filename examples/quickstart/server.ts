/** Tools, resources and a prompt, in plain async functions. `effect.ts` is the same server in Effect style. */
import { Content, Prompt, prompt, ResourceNotFound, resource, result, server, ToolError, tool } from "mcpipe"
import * as v from "valibot"
import { findCity, names } from "./weather.ts"

// #region add
const add = tool(
  { name: "add", description: "Add two numbers.", input: { a: v.number(), b: v.number() } },
  ({ a, b }) => a + b
)
// #endregion add

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
  async ({ city, days }) => {
    const found = await findCity(city)
    if (found === undefined) throw new ToolError(`No weather for ${city}. Known cities: ${names.join(", ")}.`)
    return { city: found.name, celsius: found.celsius.slice(0, days) }
  }
)
// #endregion forecast

// #region city
const city = resource(
  {
    uri: "city://{name}",
    name: "city",
    description: "What we know about a city.",
    complete: { name: (prefix) => names.filter((name) => name.toLowerCase().startsWith(prefix.toLowerCase())) }
  },
  async ({ name }) => {
    const found = await findCity(name)
    if (found === undefined) throw new ResourceNotFound(`there is no city ${name}`)
    return found
  }
)
// #endregion city

// #region report
const report = tool(
  { name: "report", description: "A week's report on a city, as a file.", input: { city: v.picklist(names) } },
  async ({ city: name }) => {
    const { celsius } = (await findCity(name))!
    const csv = celsius.map((degrees, day) => `${day + 1},${degrees}`).join("\n")
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
// #endregion report

// #region prompt
const packing = prompt(
  {
    name: "packing_list",
    description: "Asks for a packing list.",
    args: {
      city: v.string(),
      days: v.optional(v.pipe(v.string(), v.digits(), v.transform(Number)), "3")
    },
    complete: { city: (prefix) => names.filter((name) => name.startsWith(prefix)) }
  },
  ({ city, days }) => [
    Prompt.user(`I travel to ${city} for ${days} days. What should I pack?`),
    Prompt.assistant("Here is a list, most important things first:")
  ]
)
// #endregion prompt

// #region server
export default server({ name: "quickstart", version: "1.0.0", instructions: "Weather of a few European cities." })
  .add(add, forecast, report)
  .resource(city)
  .prompt(packing)
// #endregion server
