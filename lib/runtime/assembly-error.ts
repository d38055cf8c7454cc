/** The parts of a server cannot be served together; the message names each pair, where both come from, and the fix. */
export class AssemblyError extends Error {
  override readonly name = "AssemblyError"
}
