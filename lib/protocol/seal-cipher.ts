import type { Bytes } from "./seal-base64url.ts"

/** AES-256-GCM (NIST SP 800-38D) under a key of 32 bytes. */
export type MakeCipher = (key: Bytes) => SealCipher | Promise<SealCipher>

/** One key; ivs have 12 bytes and are never used again. */
export interface SealCipher {
  /** `head` as it is, the iv, the ciphertext, and after it the tag of 16 bytes, which also covers `context`. */
  readonly encrypt: (head: Bytes, iv: Bytes, plain: Bytes, context: Bytes) => Bytes | Promise<Bytes>
  /** The plaintext of ciphertext and tag; throws or rejects whatever it did not make of the same iv and context. */
  readonly decrypt: (iv: Bytes, sealed: Bytes, context: Bytes) => Bytes | Promise<Bytes>
}
