/** What every request of 2026-07-28 carries (basic/index, "Request Metadata"). */
export const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {}
}

/** A request with the envelope; `extra` goes into its `_meta`. */
export const request = (id: string | number, method: string, params?: object, extra?: object) => ({
  jsonrpc: "2.0",
  id,
  method,
  params: { ...params, _meta: { ...meta, ...extra } }
})

/** Who answered: on every result (basic/index, "Results"). */
export const stamp = {
  "io.modelcontextprotocol/serverInfo": {
    name: "golden",
    version: "1.0.0",
    title: "Golden",
    description: "A server known by heart",
    websiteUrl: "https://example.com",
    icons: [{ src: "https://example.com/icon.png", mimeType: "image/png", sizes: ["48x48"] }]
  }
}

export const result = (id: string | number, value: object) => ({
  jsonrpc: "2.0",
  id,
  result: { resultType: "complete", ...value, _meta: stamp }
})

export const error = (id: string | number | undefined, code: number, message: string, data?: unknown) => ({
  jsonrpc: "2.0",
  ...(id === undefined ? {} : { id }),
  error: { code, message, ...(data === undefined ? {} : { data }) }
})

/** Not to be kept, and if so by this user only, unless the server says otherwise (server/utilities/caching). */
export const uncached = { ttlMs: 0, cacheScope: "private" }

export const discovered = {
  supportedVersions: ["2026-07-28"],
  capabilities: { logging: {}, tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} },
  instructions: "Ask away.",
  ...uncached
}
