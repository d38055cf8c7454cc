import type { MakeCipher } from "./seal-cipher.ts"

const TAG = 16

/**
 * The cipher of Node's own module, which Bun and Deno have too; undefined where there is none. Nothing is imported, so that
 * the library loads everywhere. Web Crypto hands each operation to a thread, which costs five times as much.
 */
export const nodeCipher = (): MakeCipher | undefined => {
  const crypto = globalThis.process?.getBuiltinModule?.("node:crypto")
  if (typeof crypto?.createCipheriv !== "function") return undefined
  return (key) => ({
    encrypt: (head, iv, plain, context) => {
      const cipher = crypto.createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG }).setAAD(context)
      return Buffer.concat([head, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    decrypt: (iv, sealed, context) => {
      const end = sealed.length - TAG
      const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG })
      decipher.setAAD(context).setAuthTag(sealed.subarray(end))
      return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
    }
  })
}
