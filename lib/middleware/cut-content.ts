import { Content, type Content as Block, contentRef } from "../builder/content.ts"
import type { ResourceContents } from "../builder/contents.ts"
import { type PromptMessage, Prompt } from "../builder/messages.ts"
import { carryRef } from "../builder/resource-ref.ts"
import type { Items } from "./cut-list.ts"
import { cutText, impossible } from "./cut-value.ts"
import { type Cuts, metaKey } from "./cuts.ts"
import { jsonBytes, utf8Bytes } from "./json-bytes.ts"

/** How content of tools is made smaller. */
export const contentItems = (suffix: string, cuts: Cuts): Items<Block> => ({
  isText: (block) => textOf(block) !== undefined,
  shorten: (block, bytes, path) => {
    const text = textOf(block)!
    const room = bytes - (jsonBytes(withText(block, ""), bytes) - 2)
    const cut = cutText(text, room, suffix, cuts, `${path}.${block.type === "resource" ? "resource.text" : "text"}`)
    return cut === impossible ? undefined : withText(block, cut)
  },
  note: (_, words) => Content.text(words),
  describe: describeBlock
})

/** How messages of prompts are. */
export const messageItems = (suffix: string, cuts: Cuts): Items<PromptMessage> => {
  const inner = contentItems(suffix, cuts)
  const message = ({ role }: PromptMessage, content: Block) => Prompt[role](content)
  return {
    isText: ({ content }) => inner.isText(content),
    shorten: (given, bytes, path) => {
      const cut = inner.shorten(given.content, bytes - around(given), `${path}.content`)
      return cut && message(given, cut)
    },
    note: (given, words) => message(given, Content.text(words)),
    describe: ({ content }) => describeBlock(content)
  }
}

/** How contents of resources are; JSON is left out whole, since half of it would be none. */
export const contentsItems = (suffix: string, cuts: Cuts, maxBytes: number): Items<ResourceContents> => {
  const marked = (item: ResourceContents, text: string, kept: number, of: number): ResourceContents =>
    ({
      ...item,
      text,
      _meta: { ...item._meta, [metaKey]: { maxBytes, kept, of, unit: "characters" } }
    }) as ResourceContents
  return {
    isText: (item) => item.text !== undefined && !isJson(item.mimeType),
    shorten: (item, bytes, path) => {
      const text = item.text!
      const room = bytes - (jsonBytes(marked(item, "", text.length, text.length), bytes) - 2)
      const cut = cutText(text, room, suffix, cuts, path)
      if (cut === impossible) return undefined
      return carryRef(marked(item, cut, cut.length - suffix.length, text.length), contentRef(item))
    },
    note: (item, words) => {
      const [, of] = describeContents(item)
      const _meta = { [metaKey]: { maxBytes, kept: 0, of, unit: "bytes" } }
      return carryRef({ uri: item.uri, mimeType: "text/plain", text: words, _meta }, contentRef(item))
    },
    describe: describeContents
  }
}

const textOf = (block: Block): string | undefined => {
  if (block.type === "text") return block.text
  return block.type === "resource" && !isJson(block.resource.mimeType) ? block.resource.text : undefined
}

const withText = (block: Block, text: string): Block => {
  const options = { annotations: block.annotations, meta: block._meta }
  if (block.type !== "resource") return Content.text(text, options)
  const { uri, mimeType } = block.resource
  return Content.embedded({ uri: contentRef(block) ?? uri, mimeType, text }, options)
}

const around = (message: PromptMessage): number => jsonBytes({ role: message.role, content: 0 }, 1024) - 1

const isJson = (mimeType: string | undefined): boolean =>
  mimeType !== undefined && /^application\/(?:[\w.-]{1,64}\+)?json(?:;|$)/i.test(mimeType.slice(0, 128))

const describeBlock = (block: Block): readonly [string, number] => {
  switch (block.type) {
    case "image":
    case "audio":
      return [named(block.mimeType), bytesOfBase64(block.data)]
    case "resource":
      return describeContents(block.resource)
    case "resource_link":
      return ["a link", jsonBytes(block, Number.POSITIVE_INFINITY)]
    case "text":
      return ["a text", utf8Bytes(block.text)]
  }
}

const describeContents = ({ mimeType, text, blob }: ResourceContents): readonly [string, number] => [
  named(mimeType),
  blob === undefined ? utf8Bytes(text ?? "") : bytesOfBase64(blob)
]

const named = (mimeType: string | undefined): string => (mimeType ?? "a part").slice(0, 48)

const bytesOfBase64 = (text: string): number =>
  Math.floor((text.length * 3) / 4) - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0)
