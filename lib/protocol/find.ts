import { allVersions, findResource, seenOf } from "../runtime/catalogue.ts"
import type { Entry, PromptEntry, ResourceEntry, ToolEntry } from "../runtime/entry.ts"
import { shows } from "../runtime/session-rules.ts"
import { isRecord, type Params, quoted, type WireRequest } from "./method.ts"
import { type Refusal, refusal } from "./reasons.ts"

/** The parameter of `_meta` by which a client asks for one version of a component. Without it the highest is served. */
export const versionKey = "mcpipe/version"

/** The tool a client means; undefined where there is none for it. */
export const findTool = (name: string, params: Params, request: WireRequest): ToolEntry | Refusal | undefined =>
  chosen(request.catalogue.tools.get(name), params, request, "unknown-tool")

export const findPrompt = (name: string, params: Params, request: WireRequest): PromptEntry | Refusal | undefined =>
  chosen(request.catalogue.prompts.get(name), params, request, "unknown-prompt")

/** The resource behind a URI, for this client. */
export const findUri = (uri: string, params: Params, request: WireRequest): ResourceEntry | Refusal | undefined =>
  chosen(resourceAt(uri, request), params, request, "unknown-resource")

/** The template of this text, else the resource behind a URI, for this client. */
export const findTemplate = (uri: string, params: Params, request: WireRequest): ReturnType<typeof findUri> =>
  chosen(request.catalogue.templatesByUri.get(uri), params, request, "unknown-resource") ??
  findUri(uri, params, request)

/** The resource behind a URI, in the highest version that this client may see; undefined where there is none for it. */
export const resourceAt = (uri: string, request: WireRequest): ResourceEntry | undefined =>
  findResource(request.catalogue, uri, seesOf(request))

const seesOf =
  ({ asker, rules }: WireRequest) =>
  ({ visible, place }: Entry): boolean =>
    (visible === undefined || visible(asker)) && shows(rules, place)

const chosen = <E extends Entry>(
  highest: E | undefined,
  params: Params,
  request: WireRequest,
  unknown: "unknown-tool" | "unknown-prompt" | "unknown-resource"
): E | Refusal | undefined => {
  if (highest === undefined) return undefined
  const sees = seesOf(request)
  const served = seenOf(request.catalogue, highest, sees)
  const meta = params["_meta"]
  const version = isRecord(meta) ? meta[versionKey] : undefined
  if (version === undefined || served === undefined) return served
  if (typeof version !== "string") {
    return refusal("invalid-params", `params._meta[${quoted(versionKey)}] must be a string, not ${quoted(version)}.`)
  }
  if (served.component.version === version) return served
  const seen = allVersions(request.catalogue, highest).filter(sees)
  const asked = seen.find(({ component }) => component.version === version)
  if (asked !== undefined) return asked
  const known = seen.flatMap(({ component: { version } }) => (version === undefined ? [] : [quoted(version)]))
  const has = known.length === 0 ? "it has none" : `there ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`
  return refusal(unknown, `The ${highest.type} ${quoted(highest.name)} has no version ${quoted(version)}; ${has}.`)
}
