import { expect, it } from "vitest"
import { run, start } from "./spawn.ts"

const node = (script: string, deadline?: number) => run(process.execPath, ["-e", script], { deadline })

it("finds a line that was written before anybody waited for it, and one written after", async () => {
  await using child = node(`console.log("first"); process.stdin.on("data", (d) => console.error("got " + d))`)
  expect(await child.line("first")).toBe("first")
  child.write("x\n")
  expect(await child.errorLine(/^got/)).toBe("got x")
  expect(await child.line("first")).toBe("first")
})

it("matches a response to its request, whatever else is on stdout", async () => {
  await using child = node(`process.stdin.on("data", (d) => {
    console.log("noise"); console.log('{"id":1,"method":"ask"}'); console.log('{"id":1,"result":' + JSON.parse(d).params + "}")
  })`)
  expect(await child.request({ id: 1, method: "m", params: 7 })).toEqual({ id: 1, result: 7 })
})

it("fails a wait with the child's output when the child ends first, or the deadline passes", async () => {
  await using gone = node(`console.error("no config"); process.exit(3)`)
  await expect(gone.line("ready")).rejects.toThrow(/ended \(3\) without a line matching ready[\s\S]*no config/)
  expect(await gone.ended()).toEqual({ code: 3, signal: null })
  await using stuck = node("setInterval(() => {}, 1e6)", 300)
  await expect(stuck.line("ready")).rejects.toThrow(/300 ms passed without|SIGKILL/)
  expect(await stuck.ended()).toEqual({ code: null, signal: "SIGKILL" })
})

it("kills a child that is still running when the spec leaves its scope", async () => {
  const child = node("setInterval(() => {}, 1e6)")
  await child[Symbol.asyncDispose]()
  expect(await child.ended()).toEqual({ code: null, signal: "SIGKILL" })
})

it("runs a TypeScript file, and ends when its event loop is empty", async () => {
  await using child = start("spec/kit/spawn.fixture.ts", { args: ["a b"] })
  expect(await child.ended()).toEqual({ code: 0, signal: null })
  expect(child.stdout()).toBe("argument: a b\n")
})
