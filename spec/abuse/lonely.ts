import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { calling } from "./process.ts"

const args = [
  "--conditions",
  "mcpipe-source",
  "--import",
  "./spec/tools/ts.mjs",
  "spec/abuse/fixtures/server.ts",
  "stdio",
  '{"gracePeriod":200}'
]
const nap = `${JSON.stringify(calling(1, "nap", { millis: 600_000 }))}\n`
const options = {
  cwd: fileURLToPath(new URL("../..", import.meta.url)),
  env: { ...process.env, NODE_OPTIONS: "" }
}

/** What a process says on stderr, which ends once nobody holds it open any more. */
const heard = (stderr: NodeJS.ReadableStream) => {
  let said = ""
  const ended = once(stderr, "end").then(() => said)
  const begun = new Promise<void>((resolve) => {
    stderr.setEncoding("utf8").on("data", (chunk) => {
      said += chunk
      if (said.includes('"begun":1')) resolve()
    })
  })
  return { ended, begun }
}

/** Kills the parent of a server over stdio that is at work; all that the server said until it ended too. */
export const orphaned = async (): Promise<string> => {
  // the server writes to our stderr itself: that it has ended is seen when nobody holds it open any more
  const script = `import { spawn } from "node:child_process"
    const child = spawn(process.execPath, ${JSON.stringify(args)}, { stdio: ["pipe", "pipe", "inherit"] })
    child.stdin.write(${JSON.stringify(nap)})
    child.stdout.resume()`
  const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"]
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], { ...options, stdio })
  const { ended, begun } = heard(parent.stderr)
  await begun
  parent.kill("SIGKILL")
  return ended
}

/** Closes the output of a server over stdio that is at work, and asks for more; all that it said, and its exit code. */
export const unread = async (): Promise<readonly [said: string, code: number | null]> => {
  const child = spawn(process.execPath, args, { ...options, stdio: "pipe" })
  const { ended, begun } = heard(child.stderr)
  child.stdin.on("error", () => {})
  child.stdin.write(nap)
  await begun
  child.stdout.destroy()
  child.stdin.write(`${JSON.stringify(calling(2, "echo", { text: "to nobody" }))}\n`)
  const [[code], said] = await Promise.all([once(child, "close"), ended])
  return [said, code]
}
