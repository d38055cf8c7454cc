import { asked, basic2026, changed, type Intended, overHttp2025 } from "./difference.ts"
import type { Outcome } from "./exchange.ts"
import { verdicts } from "./intended-verdicts.ts"

/** Ids that are meant to differ. */
const ids: ReadonlyArray<Intended> = [
  {
    says: "an id that could not be read is left out, never null",
    decides:
      '2025-11-25 and 2026-07-28 basic/index, "Error Responses": "id?: string | number" and "(except in error cases where the ID could not be read due a malformed request)"',
    at: ({ ours, theirs }) => ours === "none" && theirs === "null"
  },
  {
    says: "an id that could be read comes back with the error",
    decides:
      '2025-11-25 and 2026-07-28 basic/index, "Error Responses": "Error responses MUST include the same ID as the request they correspond to"',
    at: ({ ours, theirs }) => ours === "same" && theirs === "null"
  },
  {
    says: "an id that is no string and no integer is none",
    decides:
      '2025-11-25 and 2026-07-28 basic/index, "Requests": "Requests MUST include a string or integer ID." and "the ID MUST NOT be null"; RFC 8259 §6: integers beyond 2**53-1 are not interoperable',
    at: (at) => changed("id null", "id a fraction", "id too large")(at) && at.ours === "none" && at.theirs === "same"
  },
  {
    says: "what is refused before its body was read has no id",
    decides:
      '2025-11-25 and 2026-07-28 basic/index, "Error Responses": "(except in error cases where the ID could not be read due a malformed request)"',
    at: (at) =>
      (changed("no Accept", "Accept of HTML", "an id twice", "a byte order mark", "in a batch of")(at) ||
        asked("1,000 levels")(at)) &&
      at.ours === "none"
  }
]

/** Members that are meant to differ. */
const keys: ReadonlyArray<Intended> = [
  {
    says: "errors of the envelope and the headers have no data",
    decides: `${basic2026}, "Error Responses": "Error responses MAY include a data member with additional information of any type"`,
    at: ({ ours, theirs }) => ours === "" && ["mismatch", "envelope"].includes(theirs)
  },
  {
    says: "prompts/get repeats the description of the prompt",
    decides: '2025-11-25 schema.ts, GetPromptResult: "An optional description for the prompt."',
    at: ({ ours, theirs }) => ours.includes("description,messages") && ours.replace("description,", "") === theirs
  },
  {
    says: "what is asked comes with a state",
    decides:
      '2026-07-28 basic/patterns/mrtr, "Server Requirements": "The InputRequiredResult MAY include a requestState field."',
    at: ({ ours, theirs }) => ours.includes("requestState,") && ours.replace("requestState,", "") === theirs
  },
  {
    says: "without a version header a client is one of 2025-03-26, which has no structured content",
    decides: `${overHttp2025}, "Protocol Version Header": "the server SHOULD assume protocol version 2025-03-26"; 2025-06-18 changelog: "Add support for structured tool output"`,
    at: (at) => changed("no version header")(at) && at.ours === "content" && at.theirs === "content,structuredContent"
  },
  {
    says: "mcpipe serves the four published revisions of the handshake",
    decides:
      '2025-11-25 basic/lifecycle, "Version Negotiation": "Otherwise, the server MUST respond with another protocol version it supports. This SHOULD be the latest version supported by the server."',
    at: (at) => asked('initialize for "2024-10-07"')(at)
  }
]

/** What comes before the answer and is meant to differ. */
const before: ReadonlyArray<Intended> = [
  {
    says: "a client that accepts JSON only gets no notifications",
    decides:
      'RFC 9110 §12.5.1: "Accept … can be used by user agents to specify their preferences regarding response media types"',
    at: (at) => changed("Accept of JSON only")(at) && at.ours === ""
  }
]

/** Every difference there may be, by what differs. One that no longer occurs has to go from here. */
export const intended: Readonly<Record<keyof Outcome, ReadonlyArray<Intended>>> = {
  verdict: verdicts,
  id: ids,
  keys,
  before
}
