/** The sessionless revisions this library serves, newest first. */
export const sessionlessRevisions = ["2026-07-28"] as const

/** The handshake revisions this library serves, newest first; the first is what unknown ones are answered with. */
export const handshakeRevisions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const

export type HandshakeRevision = (typeof handshakeRevisions)[number]

/** 2025-11-25 basic/transports, "Protocol Version Header": what a request without the header is taken for. */
export const assumedRevision: HandshakeRevision = "2025-03-26"

export const isHandshakeRevision = (u: unknown): u is HandshakeRevision =>
  (handshakeRevisions as ReadonlyArray<unknown>).includes(u)

/** Whether a header names a revision that has no handshake, known here or not; dates compare as text. */
export const looksSessionless = (revision: string): boolean =>
  revision === sessionlessRevisions[0] ||
  (revision >= sessionlessRevisions[sessionlessRevisions.length - 1]! && /^\d{4}-\d{2}-\d{2}$/.test(revision))

/** The keys of the request envelope and of the metadata of results and notifications (2026-07-28 basic/index, "_meta"). */
export const metaKeys = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscriptionId: "io.modelcontextprotocol/subscriptionId"
} as const
