import { assemble } from "mcpipe"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import effect from "../../examples/lifespan/effect.ts"
import plain from "../../examples/lifespan/server.ts"
import { children, inBothStyles, timeout } from "./clients.ts"

const text = (result: any): string => result.content[0].text

let stderr: Array<string>
beforeEach(() => {
  stderr = []
  vi.spyOn(console, "error").mockImplementation((...words) => void stderr.push(words.join(" ")))
})
afterEach(() => vi.restoreAllMocks())

/** Waits, by the event loop and not by the clock, until stderr holds a line. */
const said = (line: string) => vi.waitUntil(() => stderr.includes(line), { interval: 1 })

inBothStyles({ plain: () => assemble(plain), effect: () => assemble(effect) }, (connect) => {
  it("keeps notes in one database that opens once and closes with the app", async () => {
    {
      await using at = await connect()
      expect((await at.client.call("add_note", { text: "milk" })).structuredContent).toEqual({ id: 1, text: "milk" })
      expect((await at.client.call("add_note", { text: "bread" })).structuredContent).toEqual({ id: 2, text: "bread" })
      expect((await at.client.call("get_note", { id: 1 })).structuredContent).toEqual({ id: 1, text: "milk" })
      expect(stderr).toEqual(["notes: opened"])
    }
    expect(stderr).toEqual(["notes: opened", "notes: closed with 2 notes"])
  })

  it("says which note there is not", async () => {
    await using at = await connect()
    const missing = await at.client.call("get_note", { id: 7 })
    expect(missing.isError).toBe(true)
    expect(text(missing)).toBe("There is no note 7.")
  })

  it("masks what a bug says, behind a reference that stands in the log", async () => {
    await using at = await connect()
    const failed = await at.client.call("backup")
    expect(failed.isError).toBe(true)
    const [, reference] = /^Internal error \(reference ([0-9a-f]{8})\)$/.exec(text(failed)) ?? []
    const logged = stderr.find((line) => line.includes(reference!))
    expect(logged).toContain("cannot write /var/secret/notes.db")
  })

  it("reports progress and logs, and releases what it took", async () => {
    await using at = await connect()
    const reports: Array<unknown> = []
    const imported = await at.client.call(
      "import_notes",
      { texts: ["tea", "salt"] },
      { onprogress: (report) => reports.push(report) }
    )
    expect(imported.structuredContent).toEqual({ imported: 2, total: 2 })
    expect(reports).toEqual([
      { progress: 1, total: 2, message: "tea" },
      { progress: 2, total: 2, message: "salt" }
    ])
    expect(at.client.logs).toMatchObject([{ level: "info", data: "There are 2 notes now." }])
    expect(stderr).toEqual(["notes: opened", "notes: 1 reading", "notes: 0 reading"])
  })

  it("stops a slow query when the client cancels the call", async () => {
    await using at = await connect()
    const abort = new AbortController()
    const searching = at.client.call("search", {}, { signal: abort.signal })
    await said("notes: slow query started")
    abort.abort("not needed any more")
    await expect(searching).rejects.toThrow()
    await said("notes: slow query stopped")
    expect(text(await at.client.call("add_note", { text: "still here" }))).toContain("still here")
  })
})

describe("as a child process on stdio", () => {
  it.each(children)(
    "main.ts $flags opens the database for $title, and closes it when the client leaves",
    { timeout },
    async ({ inChild, flags }) => {
      await using child = await inChild("lifespan", flags)
      await child.client.call("add_note", { text: "milk" })
      await child.close()
      expect(child.stderr()).toBe("notes: opened\nnotes: closed with 1 notes\n")
    }
  )
})
