import * as Effect from "effect/Effect"
import { PublicError } from "../builder/errors.ts"
import { Prompt, type PromptResult } from "../builder/messages.ts"
import { type Middleware, middleware, type ReadResult } from "../builder/middleware.ts"
import { OptionReader } from "../builder/options.ts"
import type { Tool } from "../builder/tool.ts"
import { result, type ToolResult } from "../builder/tool-result.ts"
import { contentsItems, messageItems } from "./cut-content.ts"
import { cutList } from "./cut-list.ts"
import { cutResult } from "./cut-result.ts"
import { Cuts, metaBytesOf, metaKey } from "./cuts.ts"
import { fitsInto, jsonBytes, stringBytes } from "./json-bytes.ts"
import { callMethods, type CallSelection, Picker, selectionOptions } from "./selection.ts"

export interface ResponseLimitOptions extends CallSelection {
  /** The most bytes of JSON (UTF-8) that a result may take, envelope left aside, from 1,024 on. Default 1 MiB. */
  readonly maxBytes?: number | undefined
  /** Ends a text that was cut, at most 100 bytes. Default `"… [truncated]"`. */
  readonly suffix?: string | undefined
  /** Whether longer results are cut, or become an error that says so. Default `"truncate"`. */
  readonly onLimit?: "truncate" | "error" | undefined
}

const known = ["maxBytes", "suffix", "onLimit", ...selectionOptions] as const

/**
 * Keeps results short. Texts lose their end, between two characters; structured results lose the end of long strings and
 * lists, and stay valid against the tool's output schema, or else become a tool error that says how to ask for less. Images,
 * sound, blobs and JSON files give way to a note with their size. `_meta["mcpipe/truncated"]` says what was cut; on contents
 * of a resource it stands at each. A read or prompt that cannot be cut fails with -32603.
 * @example server(info).use(responseLimit({ maxBytes: 100_000 }))
 */
export const responseLimit = (options: ResponseLimitOptions = {}): Middleware => {
  const read = new OptionReader("responseLimit", options, known)
  const methods = read.methods("methods", callMethods) ?? new Set(callMethods)
  const picker = new Picker(read)
  const { maxBytes, suffix, onLimit } = settingsOf(read)
  const truncates = onLimit === "truncate"
  const tooLong = (subject: string) => `The result of ${subject} takes more than ${maxBytes} bytes`

  const limitTool = (given: ToolResult, name: string, tool: Tool.Any): ToolResult => {
    if (fitsInto(given, maxBytes)) return given
    const cut = truncates ? cutResult(given, tool, maxBytes, suffix) : undefined
    if (cut !== undefined) return cut
    const why = truncates ? ", and cutting it would break it" : ""
    const message = `${tooLong(`tool ${JSON.stringify(name.slice(0, 128))}`)}${why}. ${adviceFor(tool)}`
    return result({ content: message, isError: true, meta: { [metaKey]: { maxBytes, cut: [] } } })
  }
  const limitRead = (given: ReadResult, uri: string): Effect.Effect<ReadResult, PublicError> => {
    if (fitsInto(given, maxBytes)) return Effect.succeed(given)
    const room = maxBytes - aroundContents
    const items = contentsItems(suffix, new Cuts(maxBytes, 0), maxBytes)
    const contents = truncates ? cutList(given.contents, room, items, new Cuts(maxBytes, 0), "$.contents") : undefined
    if (contents !== undefined) return Effect.succeed({ contents })
    return Effect.fail(new PublicError(`${tooLong(`resource ${JSON.stringify(uri.slice(0, 256))}`)}.`))
  }
  const limitPrompt = (given: PromptResult, name: string): Effect.Effect<PromptResult, PublicError> => {
    if (fitsInto(given, maxBytes)) return Effect.succeed(given)
    const metaBytes = metaBytesOf(maxBytes)
    const { messages, description, _meta: meta } = given
    const room = maxBytes - metaBytes - aroundMessages - jsonBytes({ description, meta }, maxBytes)
    const cuts = new Cuts(maxBytes, metaBytes)
    const cut = truncates ? cutList(messages, room, messageItems(suffix, cuts), cuts, "$.messages") : undefined
    if (cut !== undefined) {
      const marked = { ...meta, [metaKey]: cuts.truncated }
      return Effect.succeed(Prompt.result({ messages: cut, description, meta: marked }))
    }
    return Effect.fail(new PublicError(`${tooLong(`prompt ${JSON.stringify(name.slice(0, 128))}`)}.`))
  }
  return middleware({
    ...(methods.has("tools/call") && {
      callTool: (next, call) =>
        picker.takes(call) ? Effect.map(next(call), (given) => limitTool(given, call.name, call.tool)) : next(call)
    }),
    ...(methods.has("resources/read") && {
      readResource: (next, read) =>
        picker.takes(read) ? Effect.flatMap(next(read), (given) => limitRead(given, read.uri)) : next(read)
    }),
    ...(methods.has("prompts/get") && {
      getPrompt: (next, get) =>
        picker.takes(get) ? Effect.flatMap(next(get), (given) => limitPrompt(given, get.name)) : next(get)
    })
  })
}

/** What is around a list of contents, or of messages, in a result's JSON. */
const aroundContents = 32
const aroundMessages = 64

/** Arguments that by their names make results smaller. */
const helpful =
  /^(?:limit|first|last|max|count|size|page|per_?page|page_?size|max_?results|max_?items|top|offset|skip|cursor|fields|columns|select|filter|query|since|until|from|to|start|end|range|depth)$/i

const adviceFor = ({ input }: Tool.Any): string => {
  const properties = input.jsonSchema["properties"]
  const names = Object.keys(typeof properties === "object" && properties !== null ? properties : {})
  const found = names.filter((name) => name.length <= 32 && helpful.test(name)).slice(0, 5)
  return found.length === 0
    ? "Ask for less: fewer items, a smaller range or fewer fields."
    : `Ask for less; these arguments may help: ${found.join(", ")}.`
}

const settingsOf = (read: OptionReader<ResponseLimitOptions>) => {
  // two bytes are its quotes
  const isShort = (text: unknown) => typeof text === "string" && stringBytes(text, 102) <= 102
  read.expect("suffix", isShort, "use a text of at most 100 bytes")
  return {
    maxBytes: read.integer("maxBytes", { min: 1024, max: 2 ** 40, unit: "bytes" }, 1_048_576),
    suffix: read.value("suffix") ?? "… [truncated]",
    onLimit: read.oneOf("onLimit", ["truncate", "error"], "truncate")
  }
}
