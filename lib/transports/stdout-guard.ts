/** The process's stdout while it carries the protocol. */
export interface StdoutGuard {
  /** The stream's own `write`, for protocol messages only. */
  readonly write: typeof process.stdout.write
  /** Gives stdout back. Safe to call twice. */
  readonly restore: () => void
}

/**
 * Sends what the program itself writes to stdout (`console.log`, `process.stdout.write`) to stderr until `restore`:
 * on stdio one stray line corrupts the protocol (MCP basic/transports, "stdio").
 */
export const guardStdout = (): StdoutGuard => {
  const stdout = process.stdout
  const own = Object.getOwnPropertyDescriptor(stdout, "write")
  const write = stdout.write.bind(stdout)
  const redirected = ((...args: Parameters<typeof stdout.write>) =>
    process.stderr.write(...args)) as typeof stdout.write
  stdout.write = redirected
  return {
    write,
    restore: () => {
      // Somebody who wrapped the stream after us keeps their wrapper.
      if (stdout.write !== redirected) {
        return
      }
      if (own === undefined) {
        delete (stdout as { write?: unknown }).write
      } else {
        Object.defineProperty(stdout, "write", own)
      }
    }
  }
}
