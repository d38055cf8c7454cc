/**
 * Logs an internal failure to stderr and returns the correlation id under which it was logged:
 * clients get the id, operators the error.
 */
export const report = (what: string, error: unknown): string => {
  const id = globalThis.crypto.randomUUID()
  // stderr in every runtime, where process.stderr exists in some only. stdout belongs to the protocol.
  console.error(`mcpipe: ${what} (correlation id ${id})`, error)
  return id
}
