import type { Bytes } from "./seal-base64url.ts"
import type { SealCipher, SealPrimitives } from "./seal-primitives.ts"

/** Sealing with what every runtime that speaks fetch has: Web Crypto and Compression Streams. */
export const webPrimitives = (): SealPrimitives => ({
  cipher: async (bytes): Promise<SealCipher> => {
    const { subtle } = globalThis.crypto
    const key = await subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])
    const parameters = (iv: Bytes, context: Bytes) => ({ name: "AES-GCM", iv, additionalData: context })
    return {
      encrypt: async (iv, plain, context) => new Uint8Array(await subtle.encrypt(parameters(iv, context), key, plain)),
      decrypt: async (iv, sealed, context) => new Uint8Array(await subtle.decrypt(parameters(iv, context), key, sealed))
    }
  },
  deflate:
    typeof CompressionStream === "function"
      ? (bytes) => through(new CompressionStream("deflate-raw"), bytes, Number.POSITIVE_INFINITY)
      : undefined,
  inflate: (bytes, limit) => through(new DecompressionStream("deflate-raw"), bytes, limit)
})

const through = async (
  stream: CompressionStream | DecompressionStream,
  bytes: Bytes,
  limit: number
): Promise<Bytes> => {
  const writer = stream.writable.getWriter()
  // What goes wrong here goes wrong for the reader too
  const ignore = () => {}
  writer.write(bytes).catch(ignore)
  writer.close().catch(ignore)

  const reader = stream.readable.getReader()
  const chunks: Array<Uint8Array> = []
  let length = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value)
    length += next.value.length
    if (length > limit) {
      reader.cancel().catch(ignore)
      throw new RangeError(`more than ${limit} bytes`)
    }
  }

  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
