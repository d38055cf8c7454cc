import { encodeInChunks } from "../builder/base64.ts"

export type Bytes = Uint8Array<ArrayBuffer>

/** Base64url without padding (RFC 4648 section 5) of bytes. */
export const toBase64url = (bytes: Bytes): string =>
  typeof Buffer === "function"
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url")
    : encodeInScript(bytes)

/**
 * The bytes of a text that `toBase64url` could have written; undefined for every other spelling of them, such as padding,
 * the alphabet of plain base64, white space, or bits left over at the end.
 */
export const fromBase64url = (text: string): Bytes | undefined => {
  if (typeof Buffer !== "function") return decodeInScript(text)
  const bytes = Buffer.from(text, "base64url")
  return bytes.toString("base64url") === text ? bytes : undefined
}

/** For runtimes without `Buffer`. */
export const encodeInScript = (bytes: Bytes): string =>
  encodeInChunks(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

/** For runtimes without `Buffer`. */
export const decodeInScript = (text: string): Bytes | undefined => {
  let binary: string
  try {
    binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  } catch {
    return undefined
  }
  const bytes = new Uint8Array(binary.length)
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at)
  return encodeInScript(bytes) === text ? bytes : undefined
}
