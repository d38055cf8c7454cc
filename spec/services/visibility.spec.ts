import { hidden, server, tool, Visibility } from "mcpipe"
import { expect, it } from "vitest"
import { connectWire } from "../kit/wire.ts"

const info = { name: "s", version: "1.0.0" }
const named = (name: string, tags: ReadonlyArray<string> = []) => tool({ name, tags }, () => name)
const hide = tool({ name: "hide" }, () => Visibility.hide({ tags: ["admin"] }))
const show = tool({ name: "show" }, () => Visibility.show("secret"))
const reset = tool({ name: "reset" }, () => Visibility.reset)

const made = server({ ...info, switchable: true }).add(
  hide,
  show,
  reset,
  named("open"),
  named("wipe", ["admin"]),
  named("secret").pipe(hidden)
)

const names = async (wire: Awaited<ReturnType<typeof connectWire>>): Promise<ReadonlyArray<string>> =>
  (await wire.request("tools/list", {})).result.tools.map((one: { readonly name: string }) => one.name)

it("a handler hides and shows components for its session alone, and its client is told", async () => {
  await using wire = await connectWire(made, { speak: "2025-11-25" })
  expect(await names(wire)).toEqual(["hide", "show", "reset", "open", "wipe"])
  expect((await wire.request("tools/call", { name: "secret", arguments: {} })).error.code).toBe(-32602)
  await wire.call("hide")
  expect(await names(wire)).toEqual(["hide", "show", "reset", "open"])
  expect((await wire.request("tools/call", { name: "wipe", arguments: {} })).error.code).toBe(-32602)
  await wire.call("show")
  expect(await names(wire)).toEqual(["hide", "show", "reset", "open", "secret"])
  expect(await wire.text("secret")).toBe("secret")
  await wire.call("reset")
  expect(await names(wire)).toEqual(["hide", "show", "reset", "open", "wipe"])
  // each that changed the list told so; hiding again what is hidden tells nothing
  const told = () => wire.received.filter(({ method }) => method === "notifications/tools/list_changed").length
  expect(told()).toBe(3)
  await wire.call("hide")
  await wire.call("hide")
  expect(told()).toBe(4)
  await using other = await connectWire(wire.app, { speak: "2025-11-25" })
  expect(await names(other)).toEqual(["hide", "show", "reset", "open", "wipe"])
})

it("initialize says that lists may change, where the server is switchable and there is a session", async () => {
  const asked = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } }
  const told = async (options: { readonly switchable: boolean }) => {
    await using wire = await connectWire(server({ ...info, ...options }).add(named("a")), { speak: "nothing" })
    return (await wire.request("initialize", asked)).result.capabilities.tools
  }
  expect(await told({ switchable: true })).toEqual({ listChanged: true })
  expect(await told({ switchable: false })).toEqual({})
  await using wire = await connectWire(made)
  expect((await wire.request("server/discover")).result.capabilities.tools).toEqual({})
})

it.each([
  [
    "on 2026-07-28, where lists depend on their caller alone",
    made,
    undefined,
    /from revision 2026-07-28 on lists depend/
  ],
  [
    "on a server that is not switchable",
    server(info).add(hide),
    "2025-11-25" as const,
    /make the root server with \{ switchable: true \}/
  ]
])("nothing can be switched %s", async (_, served, speak, message) => {
  await using wire = await connectWire(served, speak === undefined ? {} : { speak })
  const { isError, content } = await wire.call("hide")
  expect(isError).toBe(true)
  expect(content[0].text).toMatch(message)
})

it("a mounted server switches its own components alone, by the names it knows", async () => {
  const child = server({ ...info, name: "child" }).add(
    hide,
    show,
    named("wipe", ["admin"]),
    named("secret").pipe(hidden)
  )
  const root = server({ ...info, switchable: true })
    .add(named("wipe", ["admin"]))
    .mount("a", child)
    .mount("b", child)
  await using wire = await connectWire(root, { speak: "2025-11-25" })
  await wire.call("a_hide")
  await wire.call("b_show")
  expect(await names(wire)).toEqual(["wipe", "a_hide", "a_show", "b_hide", "b_show", "b_wipe", "b_secret"])
})

it("what is to be switched is checked", async () => {
  const odd = tool({ name: "odd" }, () => Visibility.hide({ names: "wipe" } as never))
  await using wire = await connectWire(server({ ...info, switchable: true }).add(odd), {
    speak: "2025-11-25",
    dev: true
  })
  expect((await wire.call("odd")).content[0].text).toContain('Visibility: names is "wipe"; use an array of strings.')
})
