import { expect, it } from "vitest"
import { sseText } from "../../../lib/transports/http/sse.ts"

// WHATWG HTML §9.2.6, "Interpreting an event stream"
it.each([
  [{ data: '{"a":1}' }, 'event: message\ndata: {"a":1}\n\n'],
  [{ data: '{"a":1}', id: "p1.2" }, 'event: message\nid: p1.2\ndata: {"a":1}\n\n'],
  [{ data: new TextEncoder().encode('{"größe":1}') }, 'event: message\ndata: {"größe":1}\n\n'],
  [{ data: "", id: "g1.0" }, "id: g1.0\ndata: \n\n"],
  [{ data: "", id: "g1.0", retry: 10 }, "id: g1.0\nretry: 10\ndata: \n\n"],
  [{ data: "", retry: 1000 }, "retry: 1000\n\n"]
])("the event %o is written as it is read", (event, text) => {
  expect(sseText(event)).toBe(text)
})
