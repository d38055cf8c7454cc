import { findResource, knownVersions, versionOf } from "../runtime/catalogue.ts"
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
  chosen(findResource(request.catalogue, uri), params, request, "unknown-resource")

/** Whether a client may know of a component. */
export const sees = ({ asker, rules }: WireRequest, entry: Entry): boolean =>
  entry.visible?.(asker) !== false && shows(rules, entry.place)

const chosen = <E extends Entry>(
  highest: E | undefined,
  params: Params,
  request: WireRequest,
  unknown: "unknown-tool" | "unknown-prompt" | "unknown-resource"
): E | Refusal | undefined => {
  const meta = params["_meta"]
  const version = isRecord(meta) ? meta[versionKey] : undefined
  if (version === undefined || highest === undefined) {
    return highest !== undefined && sees(request, highest) ? highest : undefined
  }
  if (typeof version !== "string") {
    return refusal("invalid-params", `params._meta[${quoted(versionKey)}] must be a string, not ${quoted(version)}.`)
  }
  const entry = versionOf(request.catalogue, highest, version)
  if (entry !== undefined && sees(request, entry)) return entry
  if (!sees(request, highest)) return undefined
  const known = knownVersions(request.catalogue, highest)
  const has = known.length === 0 ? "it has none" : `there ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`
  return refusal(unknown, `The ${highest.type} ${quoted(highest.name)} has no version ${quoted(version)}; ${has}.`)
}
