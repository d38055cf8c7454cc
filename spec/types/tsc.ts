import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

/** The repository, with a slash at its end. */
export const root = fileURLToPath(new URL("../../", import.meta.url))

/** Runs the compiler in this folder and gives what it prints, whether or not it found errors. */
export const tsc = (...args: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [`${root}node_modules/typescript/bin/tsc`, "--pretty", "false", ...args],
      { cwd: fileURLToPath(new URL(".", import.meta.url)), maxBuffer: 16 * 1024 * 1024, timeout: 60_000 },
      (error, stdout, stderr) => {
        // 1 and 2 are its ways of saying that it found errors
        if (error === null || error.code === 1 || error.code === 2) resolve(stdout)
        else reject(new Error(`tsc ended with ${error.code}: ${stdout}${stderr}`))
      }
    )
  })
