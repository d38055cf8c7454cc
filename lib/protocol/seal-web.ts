import type { Bytes } from "./seal-base64url.ts"
import type { MakeCipher } from "./seal-cipher.ts"

/** The cipher that every runtime with fetch has: Web Crypto's. */
export const webCipher: MakeCipher = async (bytes) => {
  const { subtle } = globalThis.crypto
  const key = await subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])
  const parameters = (iv: Bytes, context: Bytes) => ({ name: "AES-GCM", iv, additionalData: context })
  return {
    encrypt: async (head, iv, plain, context) => {
      const sealed = await subtle.encrypt(parameters(iv, context), key, plain)
      const whole = new Uint8Array(head.length + iv.length + sealed.byteLength)
      whole.set(head)
      whole.set(iv, head.length)
      whole.set(new Uint8Array(sealed), head.length + iv.length)
      return whole
    },
    decrypt: async (iv, sealed, context) => new Uint8Array(await subtle.decrypt(parameters(iv, context), key, sealed))
  }
}
