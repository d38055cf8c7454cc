import { asked, changed, type Intended, isNotification, overHttp2025, served } from "./difference.ts"

/** Statuses and codes that differ because mcpipe is wrong: to be mended, and then to go from here. */
export const bugs: ReadonlyArray<Intended> = [
  {
    says: "another version of the handshake in a session",
    decides: `${overHttp2025}, "Protocol Version Header": "The protocol version sent by the client SHOULD be the one negotiated during initialization." and "If the server receives a request with an invalid or unsupported MCP-Protocol-Version, it MUST respond with 400 Bad Request."`,
    bug: "a supported version is refused for not being the negotiated one",
    at: (at) =>
      at.exchange.era === "session" &&
      changed("another version of the handshake in the header")(at) &&
      at.ours === "400 -32600"
  },
  {
    says: "_meta that is no object, in the handshake era",
    decides: '2025-11-25 schema.ts, RequestParams: "_meta?: { progressToken?: ProgressToken; [key: string]: unknown }"',
    bug: "it is taken for an empty one instead of being refused",
    at: (at) =>
      changed("_meta an array", "_meta a string", "_meta null")(at) && served(at) && at.theirs === "400 -32600"
  },
  {
    says: "a progress token that is neither a string nor an integer",
    decides: '2025-11-25 basic/utilities/progress: "Progress tokens MUST be a string or integer value"',
    bug: "it is ignored instead of being refused",
    at: (at) => changed("a progress token of no kind")(at) && served(at) && at.theirs === "400 -32600"
  },
  {
    says: "a notification whose version header names none that is served",
    decides: `${overHttp2025}, "Protocol Version Header": "If the server receives a request with an invalid or unsupported MCP-Protocol-Version, it MUST respond with 400 Bad Request."`,
    bug: "it is accepted",
    at: (at) =>
      isNotification(at) &&
      changed(
        "a version of tomorrow in the header",
        "nonsense in the version header",
        "version of tomorrow, in both"
      )(at) &&
      at.ours === "202 nothing" &&
      at.theirs === "400 -32022"
  },
  {
    says: "DELETE with a version header that names no version",
    decides: `${overHttp2025}, "Protocol Version Header": "If the server receives a request with an invalid or unsupported MCP-Protocol-Version, it MUST respond with 400 Bad Request."`,
    bug: "it ends the session",
    at: (at) => asked("DELETE of a session, nonsense")(at) && at.ours === "200 nothing"
  },
  {
    says: "initialize that names a session which is none",
    decides: `${overHttp2025}, "Session Management": "The server MAY terminate the session at any time, after which it MUST respond to requests containing that session ID with HTTP 404 Not Found."`,
    bug: "it begins a session, as if it had named none",
    at: (at) => asked("initialize")(at) && changed("a session nobody began")(at) && at.ours === "200 result"
  }
]
