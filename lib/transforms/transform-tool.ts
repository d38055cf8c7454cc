import * as Effect from "effect/Effect"
import { frozenJson, isComponent } from "../builder/component.ts"
import { DefinitionError } from "../builder/errors.ts"
import { settle } from "../builder/handler.ts"
import { jsonSchema, makeSchema } from "../builder/json-schema.ts"
import { isFunction, isRecord, isText, OptionReader } from "../builder/options.ts"
import { reshape, type Step } from "../builder/reshape.ts"
import { type Decoded, type JsonSchemaDocument, type Schema, toOutputSchema } from "../builder/schema.ts"
import { type Tool, toolNameFault } from "../builder/tool.ts"
import { isTool } from "../builder/transform.ts"
import { type Caller, decided } from "../builder/visibility.ts"
import { checkedArgument } from "./argument-options.ts"
import { type Cut, cutOf } from "./cut.ts"
import { cutSchema } from "./cut-schema.ts"
import { toolArguments } from "./tool-arguments.ts"
import { cutResults, mapResults } from "./tool-results.ts"
import type {
  HasArguments,
  KnownArguments,
  KnownOptions,
  TransformedTool,
  TransformToolOptions
} from "./transform-tool-types.ts"

type InOf<T> = T extends Tool<infer _N, infer In, infer _Out, infer _E, infer _R> ? In : never
type OutOf<T> = T extends Tool<infer _N, infer _In, infer Out, infer _E, infer _R> ? Out : never

/**
 * Makes a tool from another, which stays as it is: under another name, with other arguments, another description for each
 * caller, another output. What it lists, accepts and gives stay in agreement: a hidden or renamed argument is refused as
 * unknown under the name it had. Throws a `DefinitionError` that names tool and argument where that cannot be.
 * @example search.pipe(transformTool({ name: "find", arguments: { q: { name: "query" }, key: { hide: true, value } } }))
 */
export const transformTool: {
  <T extends Tool.Any, const O extends TransformToolOptions<InOf<T>, OutOf<T>>>(
    tool: T,
    options: O & KnownOptions<O> & KnownArguments<InOf<T>, O>
  ): TransformedTool<T, O>
  <const O extends TransformToolOptions>(
    options: O & KnownOptions<O>
  ): <T extends Tool.Any>(tool: T & HasArguments<T, O>) => TransformedTool<T, O>
} = (...given: ReadonlyArray<unknown>): any => {
  const [first, second] = given
  if (isComponent(first)) return transformed(first, checkedTransformation(second, ofTool(first.name)))
  const transformation = checkedTransformation(first, "transformTool")
  return (tool: unknown) => transformed(tool, transformation)
}

const ofTool = (name: string): string => `transformTool of tool ${JSON.stringify(name)}`

const names = [
  "name",
  "title",
  "description",
  "arguments",
  "mapInput",
  "mapOutput",
  "output",
  "omit",
  "pick",
  "annotations",
  "tags",
  "meta",
  "visible"
] as const satisfies ReadonlyArray<keyof TransformToolOptions>

/** Options that were checked as far as that can be done without a tool. */
export interface Transformation {
  readonly options: TransformToolOptions
  readonly cuts: ReadonlyArray<{ readonly cut: Cut; readonly paths: ReadonlyArray<string>; readonly option: string }>
}

export const checkedTransformation = (given: unknown, where: string): Transformation => {
  const options = (given === undefined ? {} : given) as TransformToolOptions
  const read = new OptionReader(where, options, names)
  const { name, output, mapOutput, omit, pick } = options
  const fault = name === undefined ? undefined : toolNameFault(name)
  if (fault !== undefined) throw new DefinitionError(`${where}: name ${fault}`)
  read.expect("title", isText, "use a non-empty string")
  const describes = (value: unknown) => typeof value === "string" || isFunction(value)
  read.expect("description", describes, "use a string or a function of the caller")
  read.expect("arguments", isRecord, 'use a record by their names, such as { q: { name: "query" } }')
  for (const f of ["mapInput", "mapOutput", "visible"] as const) read.expect(f, isFunction, "use a function")
  const isTags = (tags: unknown) => Array.isArray(tags) && tags.every((tag) => typeof tag === "string")
  read.expect("tags", isTags, "use an array of strings")
  if (output !== undefined && mapOutput === undefined) {
    read.fail("output describes what mapOutput gives; give mapOutput too, or omit or pick fields.")
  }
  return {
    options,
    cuts: [
      ...(omit === undefined ? [] : [{ cut: cutOf(omit, false, `${where}: omit`), paths: omit, option: "omit" }]),
      ...(pick === undefined ? [] : [{ cut: cutOf(pick, true, `${where}: pick`), paths: pick, option: "pick" }])
    ]
  }
}

/** The tool with a transformation; `lenient` lets fields be named that it does not have. */
export const transformed = (tool: unknown, { options, cuts }: Transformation, lenient = false): Tool.Any => {
  if (!isComponent(tool) || !isTool(tool)) {
    throw new DefinitionError("transformTool(…) takes a tool: make one with tool(options, handler).")
  }
  const where = ofTool(tool.name)
  const { name = tool.name, title, description, mapInput, mapOutput, annotations, tags, meta, visible } = options
  const changes = new Map(
    Object.entries(options.arguments ?? {}).map(
      ([argument, change]) => [argument, checkedArgument(change, `${where}: arguments.${argument}`)] as const
    )
  )
  const args = changes.size === 0 && mapInput === undefined ? undefined : toolArguments(tool, changes, mapInput, where)
  const mapped =
    mapOutput === undefined ? tool.output : options.output && toOutputSchema(options.output, `${where}: output`)
  let output = mapped
  for (const { cut, paths, option } of cuts) {
    if (output !== undefined) output = cutOutput(output, cut, paths, `${where}: ${option}`, lenient)
  }
  const wraps: Array<(next: Step, name: string) => Step> = []
  if (args !== undefined) wraps.push(args.wrap)
  if (mapOutput !== undefined) wraps.push(mapResults(mapOutput, { name, output: mapped }, where))
  for (const { cut } of cuts) wraps.push(cutResults(cut))
  return reshape(
    tool,
    {
      wrap: wraps.length === 0 ? undefined : (next, called) => wraps.reduce((run, wrap) => wrap(run, called), next),
      visible: visible && decided(visible, `${where}: visible`),
      describe: typeof description === "function" ? describer(description, where) : undefined
    },
    {
      name,
      title: title ?? tool.title,
      description: typeof description === "string" ? description : tool.description,
      tags: tags === undefined ? tool.tags : Object.freeze([...tags]),
      meta: over(tool.meta, frozenJson(meta, `${where}: meta`)),
      annotations: over(tool.annotations, frozenJson(annotations, `${where}: annotations`)),
      input: args?.input ?? tool.input,
      output
    },
    args === undefined ? {} : { headers: args.headers }
  )
}

const over = <A extends object>(before: A | undefined, after: A | undefined): A | undefined =>
  after === undefined ? before : Object.freeze({ ...before, ...after })

/** A description for one caller, checked. */
export const describer =
  (describe: (caller: Caller) => unknown, where: string) =>
  (caller: Caller): Effect.Effect<string, unknown, any> =>
    Effect.map(
      Effect.suspend(() => settle(() => describe(caller))),
      (text) => {
        if (typeof text === "string") return text
        throw new TypeError(`${where}: description gave ${typeof text}; return a string.`)
      }
    )

const cutOutput = (
  output: Schema<unknown, unknown>,
  cut: Cut,
  paths: ReadonlyArray<string>,
  where: string,
  lenient: boolean
): Schema<unknown, unknown> => {
  if (!lenient) for (const path of paths) expectField(output.jsonSchema, path, where)
  return schemaOf(cutSchema(output.jsonSchema, cut, where).document)
}

/** A field that is not there is a slip of the pen, and what should be left out would stay; paths with stars may find none. */
const expectField = (document: JsonSchemaDocument, path: string, where: string): void => {
  if (path.includes("*")) return
  const { met, open } = cutSchema(document, cutOf([path], false, where), where)
  if (met || open) return
  throw new DefinitionError(
    `${where}: the output schema has no field ${JSON.stringify(path)}. Fields it does not name can be left out by mapOutput.`
  )
}

/** Its validator is made where it is asked for: what was validated before it was cut need not be again. */
const schemaOf = (document: JsonSchemaDocument): Schema<unknown, unknown> => {
  let decode: ((value: unknown) => Decoded<unknown>) | undefined
  return makeSchema(document, (value) => {
    decode ??= jsonSchema<unknown>(document).decode
    return decode(value)
  })
}
