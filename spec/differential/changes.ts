import type { Draft } from "./messages.ts"

/** One way to change a good exchange, by its name. Undefined where there is nothing to change. */
export type Change = (draft: Draft) => (Draft & { readonly text?: string | Uint8Array }) | undefined

const message =
  (change: (message: any) => unknown): Change =>
  (draft) => {
    const changed = change(structuredClone(draft.message))
    return changed === undefined ? undefined : { ...draft, message: changed }
  }

const member = (key: string, value: unknown): Change => message((before) => ({ ...before, [key]: value }))

const inParams = (key: string, value: unknown): Change =>
  message((before) =>
    before.params === undefined ? undefined : { ...before, params: { ...before.params, [key]: value } }
  )

/** Only where the message has such a parameter. */
const ownParam = (key: string, value: unknown): Change =>
  message((before) =>
    before.params?.[key] === undefined ? undefined : { ...before, params: { ...before.params, [key]: value } }
  )

const inMeta = (key: string, value: unknown): Change =>
  message((before) => ({ ...before, params: { ...before.params, _meta: { ...before.params?._meta, [key]: value } } }))

const envelope = (key: string, value: unknown): Change => {
  const change = inMeta(`io.modelcontextprotocol/${key}`, value)
  return (draft) => (draft.era === "sessionless" ? change(draft) : undefined)
}

const header =
  (name: string, value: string | undefined): Change =>
  (draft) => {
    const { [name]: before, ...rest } = draft.headers
    if (before === value) return undefined
    return { ...draft, headers: value === undefined ? rest : { ...rest, [name]: value } }
  }

/** Only where the exchange has such a header. */
const ownHeader =
  (name: string, value: (before: string) => string | undefined): Change =>
  (draft) => {
    const before = draft.headers[name]
    return before === undefined ? undefined : header(name, value(before))(draft)
  }

const text =
  (change: (json: string) => string | Uint8Array): Change =>
  (draft) => ({ ...draft, text: change(JSON.stringify(draft.message)) })

const only =
  (era: Draft["era"], change: Change): Change =>
  (draft) =>
    draft.era === era ? change(draft) : undefined

const base64 = (value: string) => `=?base64?${btoa(value)}?=`

/** What is done to every message that has something of the kind. */
export const faults: Readonly<Record<string, Change>> = {
  "as it should be": (draft) => draft,
  "no params": member("params", undefined),
  "name a number": ownParam("name", 5),
  "name empty": ownParam("name", ""),
  "uri a number": ownParam("uri", 5),
  "uri no URI": ownParam("uri", "no uri"),
  "arguments an array": ownParam("arguments", [1]),
  "arguments a string": ownParam("arguments", "x"),
  "arguments null": ownParam("arguments", null),
  "one more argument": message((before) =>
    before.params?.arguments === undefined
      ? undefined
      : { ...before, params: { ...before.params, arguments: { ...before.params.arguments, extra: "x" } } }
  ),
  "cursor a number": message((before) =>
    before.method.endsWith("/list") ? { ...before, params: { ...before.params, cursor: 5 } } : undefined
  ),
  "cursor empty": message((before) =>
    before.method.endsWith("/list") ? { ...before, params: { ...before.params, cursor: "" } } : undefined
  ),
  "no argument to complete": ownParam("argument", undefined),
  "a ref of no kind": ownParam("ref", { type: "ref/nothing", name: "review" }),
  "no level": ownParam("level", undefined),
  "notifications an array": ownParam("notifications", [1]),
  "no notifications": ownParam("notifications", undefined),
  "a list that changes by a number": ownParam("notifications", { toolsListChanged: 1 }),
  "subscriptions that are no list": ownParam("notifications", { resourceSubscriptions: "doc://readme" })
}

/** What is done to one message of each kind in each era. */
export const changes: Readonly<Record<string, Change>> = {
  // JSON-RPC
  "no jsonrpc": member("jsonrpc", undefined),
  "jsonrpc 1.0": member("jsonrpc", "1.0"),
  "jsonrpc a number": member("jsonrpc", 2),
  "id a string": member("id", "seven"),
  "id empty": member("id", ""),
  "id zero": member("id", 0),
  "id negative": member("id", -1),
  "id null": member("id", null),
  "id a fraction": member("id", 1.5),
  "id too large": member("id", 2 ** 60),
  "id an object": member("id", { a: 1 }),
  "id true": member("id", true),
  "no id": member("id", undefined),
  "no method": member("method", undefined),
  "method a number": member("method", 5),
  "method empty": member("method", ""),
  "method in capitals": message((before) => ({ ...before, method: before.method.toUpperCase() })),
  "params an array": member("params", [1]),
  "params null": member("params", null),
  "params a string": member("params", "x"),
  "one more member": member("extra", { a: 1 }),
  "one more parameter": inParams("extra", { a: 1 }),
  "a result beside the method": member("result", {}),
  // parameters
  "_meta an array": inParams("_meta", [1]),
  "_meta a string": inParams("_meta", "x"),
  "_meta null": inParams("_meta", null),
  "no _meta": inParams("_meta", undefined),
  "a progress token": inMeta("progressToken", 1),
  "a progress token of no kind": inMeta("progressToken", { a: 1 }),
  "a key of somebody's in _meta": inMeta("com.example/x", { deep: [1] }),
  // the envelope
  "no version": envelope("protocolVersion", undefined),
  "version a number": envelope("protocolVersion", 2026),
  "version of the handshake": envelope("protocolVersion", "2025-11-25"),
  "version of tomorrow": envelope("protocolVersion", "2099-01-01"),
  "version of tomorrow, in both places": only("sessionless", (draft) => {
    const changed = envelope("protocolVersion", "2099-01-01")(draft)
    return changed && header("mcp-protocol-version", "2099-01-01")(changed)
  }),
  "no capabilities": envelope("clientCapabilities", undefined),
  "capabilities an array": envelope("clientCapabilities", []),
  "capabilities null": envelope("clientCapabilities", null),
  "capabilities of no kind": envelope("clientCapabilities", { elicitation: 5 }),
  "no client info": envelope("clientInfo", undefined),
  "client info without a version": envelope("clientInfo", { name: "x" }),
  "client info a string": envelope("clientInfo", "x"),
  "a log level": envelope("logLevel", "warning"),
  "a log level of no kind": envelope("logLevel", "loud"),
  // headers
  "no version header": header("mcp-protocol-version", undefined),
  "another version of the handshake in the header": header("mcp-protocol-version", "2025-06-18"),
  "a version of tomorrow in the header": header("mcp-protocol-version", "2099-01-01"),
  "nonsense in the version header": header("mcp-protocol-version", "latest"),
  "blanks around the version header": ownHeader("mcp-protocol-version", (before) => `  ${before}  `),
  "no Mcp-Method": ownHeader("mcp-method", () => undefined),
  "another Mcp-Method": ownHeader("mcp-method", () => "tools/other"),
  "Mcp-Method in capitals": ownHeader("mcp-method", (before) => before.toUpperCase()),
  "Mcp-Method in base64": ownHeader("mcp-method", base64),
  "no Mcp-Name": ownHeader("mcp-name", () => undefined),
  "another Mcp-Name": ownHeader("mcp-name", () => "other"),
  "Mcp-Name in base64": ownHeader("mcp-name", base64),
  "Mcp-Name in broken base64": ownHeader("mcp-name", (before) => `=?base64?${btoa(before).slice(0, -1)}!?=`),
  "Mcp-Name in base64 with a capital": ownHeader("mcp-name", (before) => `=?BASE64?${btoa(before)}?=`),
  "no Mcp-Param": ownHeader("mcp-param-region", () => undefined),
  "another Mcp-Param": ownHeader("mcp-param-region", () => "us"),
  "Mcp-Param in base64": ownHeader("mcp-param-region", base64),
  "an integer Mcp-Param with a fraction of none": ownHeader("mcp-param-limit", (before) => `${before}.0`),
  "a session nobody began": header("mcp-session-id", "nobody-began-this"),
  "a Last-Event-ID": header("last-event-id", "5"),
  "no Accept": header("accept", ""),
  "Accept of JSON only": header("accept", "application/json"),
  "Accept of events only": header("accept", "text/event-stream"),
  "Accept of anything": header("accept", "*/*"),
  "Accept of HTML": header("accept", "text/html"),
  "no content type": header("content-type", ""),
  "content type of text": header("content-type", "text/plain"),
  "content type with a charset": header("content-type", "application/json; charset=utf-8"),
  "content type in capitals": header("content-type", "Application/JSON"),
  "an Origin of this machine": header("origin", "http://localhost:5173"),
  "an Origin from elsewhere": header("origin", "https://evil.example"),
  "a Host from elsewhere": header("host", "evil.example"),
  // text
  "the text cut short": text((json) => json.slice(0, -5)),
  "nothing at all": text(() => ""),
  "blanks around the text": text((json) => ` \n${json}\t`),
  "a byte order mark": text((json) => `\ufeff${json}`),
  "bytes that are no UTF-8": text(() => Uint8Array.of(0x7b, 0xff, 0x7d)),
  "twice in a row": text((json) => json + json),
  "in a batch of one": message((before) => [before]),
  "in a batch of two": message((before) => [before, { jsonrpc: "2.0", id: 8, method: "ping" }]),
  "an id twice": text((json) => json.replace(/^\{/, '{"id":9,')),
  "__proto__ as a member": text((json) => json.replace(/^\{/, '{"__proto__":{"method":"ping"},'))
}
