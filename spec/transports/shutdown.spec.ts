import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, it } from "vitest"
import { openSocket, rawHead, readResponse, send } from "../kit/raw-http.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const children: Array<ChildProcess> = []

afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL")
  }
})

/** Runs the fixture and gives its events, which it writes to stderr as JSON lines. */
const run = (mode: string, gracePeriod?: number) => {
  const args = ["--import", "./spec/tools/ts.mjs", "spec/transports/fixtures/serving.ts", mode]
  const child = spawn(process.execPath, gracePeriod === undefined ? args : [...args, String(gracePeriod)], {
    cwd: root,
    stdio: ["pipe", "pipe", "pipe", "ipc"]
  })
  children.push(child)
  let stdout = ""
  let stderr = ""
  let wake = () => {}
  child.stdin!.on("error", () => {})
  child.stdout!.on("data", (chunk) => {
    stdout += chunk
    wake()
  })
  child.stderr!.on("data", (chunk) => {
    stderr += chunk
    wake()
  })
  const exited = once(child, "close").then(([code]) => code as number)
  const events = () =>
    stderr.split("\n").flatMap((line): Array<Record<string, any>> => (line.startsWith("{") ? [JSON.parse(line)] : []))
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await Promise.race([
        new Promise<void>((resolve) => {
          wake = resolve
        }),
        exited.then(() => {
          if (!condition()) {
            throw new Error(`exited early; stderr: ${stderr}`)
          }
        })
      ])
    }
  }
  const event = async (name: string) => {
    await until(() => events().some((one) => name in one))
    return events().find((one) => name in one)!
  }
  const stdoutLines = async (count: number) => {
    await until(() => stdout.split("\n").length > count)
    return stdout.trimEnd().split("\n")
  }
  return { child, exited, event, events, stdoutLines, stdout: () => stdout, stderr: () => stderr }
}

const call = (method: string, params: object = {}) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })

const hold = async (port: number) => {
  const socket = await openSocket(port)
  const body = call("hold")
  socket.write(rawHead(port, { "content-length": String(body.length) }) + body)
  return readResponse(socket)
}

/** Settles once newcomers are answered 503, which is how shutdown shows outside. */
const draining = async (port: number) => {
  let status = 200
  while (status === 200) {
    ;({ status } = await send(port, { body: call("echo") }))
  }
  return status
}

describe("SIGTERM", () => {
  it("lets calls in flight finish while newcomers get 503, closes the app once, and exits 0", async () => {
    const { child, event, exited, events } = run("http")
    const { port } = await event("ready")
    const inFlight = hold(port)
    await event("held")
    child.kill("SIGTERM")
    expect(await draining(port)).toBe(503)
    expect(events().some((one) => "disposed" in one)).toBe(false)
    child.send("release")
    expect(await inFlight).toMatchObject({ status: 200 })
    expect(await exited).toBe(0)
    expect(events().filter((one) => "disposed" in one)).toEqual([{ disposed: 1, interrupts: [] }])
  })

  it("interrupts, and answers, calls that outlast the grace period", async () => {
    const { child, event, exited } = run("http", 0)
    const { port } = await event("ready")
    const inFlight = hold(port)
    await event("held")
    child.kill("SIGTERM")
    expect(await inFlight).toMatchObject({ status: 503 })
    expect(await exited).toBe(0)
    expect(await event("disposed")).toEqual({ disposed: 1, interrupts: ["drained"] })
  })

  it("closes an app served twice once, after the last of its calls", async () => {
    const { child, event, exited, events } = run("two")
    const { port, second } = await event("ready")
    const inFlight = hold(second)
    await event("held")
    child.kill("SIGTERM")
    await draining(second)
    expect(events().some((one) => "disposed" in one)).toBe(false)
    await expect(
      send(port, { body: call("echo") }).then(
        ({ status }) => status !== 200,
        () => true
      )
    ).resolves.toBe(true)
    child.send("release")
    expect(await inFlight).toMatchObject({ status: 200 })
    expect(await exited).toBe(0)
    expect(events().filter((one) => "disposed" in one)).toEqual([{ disposed: 1, interrupts: [] }])
  })

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130]
  ] as const)("followed by %s exits at once with %i", async (signal, code) => {
    const { child, event, exited, events } = run("http")
    const { port } = await event("ready")
    const inFlight = hold(port).catch(() => "cut")
    await event("held")
    child.kill("SIGTERM")
    await draining(port)
    child.kill(signal)
    expect(await exited).toBe(code)
    expect(await inFlight).toBe("cut")
    expect(events().some((one) => "disposed" in one)).toBe(false)
  })

  it("while layers are being built lets them finish, then closes them", async () => {
    const { child, event, exited, events } = run("slow-start")
    await event("starting")
    child.kill("SIGTERM")
    child.send("start")
    expect(await exited).toBe(0)
    expect(events().filter((one) => "disposed" in one)).toEqual([{ disposed: 1, interrupts: [] }])
  })

  it("drains stdio too", async () => {
    const { child, event, exited, stdoutLines } = run("stdio")
    await event("ready")
    child.stdin!.write(`${call("hold")}\n`)
    await event("held")
    child.kill("SIGTERM")
    child.send("release")
    expect(await stdoutLines(1)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"released":true}}'])
    expect(await exited).toBe(0)
    expect(await event("disposed")).toEqual({ disposed: 1, interrupts: [] })
  })
})

describe("a stdio process", () => {
  it("keeps stray prints off stdout, and gives stdout back once closed", async () => {
    const { child, event, exited, stdoutLines, stderr } = run("stdio")
    await event("ready")
    child.stdin!.write(`${call("print", { text: "a stray line" })}\n`)
    expect(await stdoutLines(1)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}'])
    child.send("close")
    // With its input still open: nothing of ours keeps the process alive.
    expect(await exited).toBe(0)
    expect(await stdoutLines(2)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}', "after close"])
    expect(stderr()).toContain("a stray line\n")
  })

  it("ends by itself, with its app, when its input ends", async () => {
    const { child, event, exited, stdoutLines } = run("stdio")
    await event("ready")
    child.stdin!.end(`${call("later", { n: 1 })}\n`)
    expect(await exited).toBe(0)
    expect(await stdoutLines(1)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"n":1}}'])
    expect(await event("disposed")).toEqual({ disposed: 1, interrupts: [] })
  })

  it("ends by itself when nobody reads its output (EPIPE), interrupting what is in flight", async () => {
    const { child, event, exited } = run("stdio")
    await event("ready")
    child.stdin!.write(`${call("hold")}\n`)
    await event("held")
    child.stdout!.destroy()
    child.stdin!.write(`${call("echo")}\n`)
    expect(await exited).toBe(0)
    expect(await event("disposed")).toEqual({ disposed: 1, interrupts: ["disconnected"] })
  })

  it("exits 1 with the layer's message, and nothing on stdout, where its app does not start", async () => {
    const { exited, stdout, stderr } = run("broken")
    expect(await exited).toBe(1)
    expect(stderr()).toContain("mcpipe: The server did not start: db is down\n")
    expect(stderr()).not.toContain("at ")
    expect(stdout()).toBe("")
  })
})
