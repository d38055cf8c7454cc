import type { ContentBlock } from "../builder/content.ts"
import type { ListKind, Items } from "../runtime/listed.ts"
import { completionOf } from "./encode-sessionless.ts"
import type { Encoders } from "./method.ts"
import { isRecord } from "./method.ts"
import { listPage } from "./list-page.ts"
import { wrapSchema, wrapsOutput } from "./wrap-output.ts"

/**
 * How the handshake revisions write results. Members that a revision does not know are left out of lists; content it
 * does not know is written in the nearest form it does, so that an old client loses nothing.
 */
export const encodeHandshake: Encoders = {
  tool: (value, { entry }, { revision }) => {
    const result: Record<string, unknown> = { content: contentFor(value.content, revision) }
    const { structuredContent } = value
    if (structuredContent !== undefined && revision >= "2025-06-18") {
      const { output } = entry.component
      const wrapped = output === undefined ? !isRecord(structuredContent) : wrapsOutput(output.jsonSchema)
      // 2025-11-25 server/tools, "Structured Content": an object
      result["structuredContent"] = wrapped ? { result: structuredContent } : structuredContent
    }
    if (value.isError === true) result["isError"] = true
    if (value._meta !== undefined) result["_meta"] = value._meta
    return result
  },
  resource: (contents) => ({ contents }),
  prompt: ({ messages, description, _meta }, { entry }, { revision }) => {
    const described = description ?? entry.component.description
    return {
      ...(described === undefined ? undefined : { description: described }),
      messages: messages.map(({ role, content }) => ({ role, content: blockFor(content, revision) })),
      ...(_meta === undefined ? undefined : { _meta })
    }
  },
  complete: (suggestions) => ({ completion: completionOf(suggestions) }),
  list: (items, operation, request) =>
    listPage(
      items,
      operation,
      request,
      request.revision,
      (kind, item) => itemFor(kind, item, request.revision),
      (r) => r
    ),
  answer: (value) => value,
  effect: (value) => value as Readonly<Record<string, unknown>>
}

const contentFor = (content: ReadonlyArray<ContentBlock>, revision: string): ReadonlyArray<unknown> =>
  revision >= "2025-06-18" ? content : content.map((block) => blockFor(block, revision))

/** Audio is of 2025-03-26, resource links are of 2025-06-18. */
const blockFor = (block: ContentBlock, revision: string): unknown => {
  if (block.type === "resource_link" && revision < "2025-06-18") {
    const title = block.title ?? block.name
    return {
      type: "text",
      text: `${title}: ${block.uri}${block.description === undefined ? "" : `\n${block.description}`}`
    }
  }
  if (block.type === "audio" && revision < "2025-03-26") {
    const { mimeType, data } = block
    return { type: "resource", resource: { uri: "audio://inline", mimeType, blob: data } }
  }
  return block
}

/** The members of list items beside their key, by the revision that brought them. */
const since: { readonly [member: string]: string } = {
  annotations: "2025-03-26",
  title: "2025-06-18",
  outputSchema: "2025-06-18",
  _meta: "2025-06-18",
  icons: "2025-11-25"
}

const itemFor = (kind: ListKind, item: Items[number], revision: string): unknown => {
  const shown: Record<string, unknown> = {}
  for (const [member, value] of Object.entries(item)) {
    // resources had annotations from the start
    const from = member === "annotations" && kind !== "tools" ? undefined : since[member]
    if (from === undefined || revision >= from) shown[member] = value
    if (member === "annotations" && kind !== "tools" && revision < "2025-06-18") {
      const { lastModified: _, ...older } = value as Record<string, unknown>
      shown[member] = older
    }
  }
  if (shown["outputSchema"] !== undefined) shown["outputSchema"] = wrapSchema(shown["outputSchema"] as any)
  if (kind === "prompts" && revision < "2025-06-18" && Array.isArray(shown["arguments"])) {
    shown["arguments"] = shown["arguments"].map(({ title: _, ...rest }) => rest)
  }
  return shown
}
