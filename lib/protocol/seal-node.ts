import type { SealCipher, SealPrimitives } from "./seal-primitives.ts"

const TAG = 16

/**
 * Sealing with Node's own modules, which Bun and Deno have too; undefined where there are none. Nothing is imported, so
 * the library loads everywhere. Web Crypto hands each operation to a thread, which costs five times as much.
 */
export const nodePrimitives = (): SealPrimitives | undefined => {
  const crypto = globalThis.process?.getBuiltinModule?.("node:crypto")
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib")
  if (typeof crypto?.createCipheriv !== "function" || typeof zlib?.inflateRawSync !== "function") return undefined

  const cipher = (key: Uint8Array): SealCipher => ({
    encrypt: (iv, plain, context) => {
      const cipher = crypto.createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG }).setAAD(context)
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    decrypt: (iv, sealed, context) => {
      const end = sealed.length - TAG
      const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG })
      decipher.setAAD(context).setAuthTag(sealed.subarray(end))
      return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
    }
  })
  return {
    cipher,
    deflate: (bytes) => zlib.deflateRawSync(bytes),
    inflate: (bytes, limit) => zlib.inflateRawSync(bytes, { maxOutputLength: limit })
  }
}
