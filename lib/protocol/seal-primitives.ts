import type { Bytes } from "./seal-base64url.ts"

/** What sealing needs from a runtime: an authenticated cipher and a compressor. */
export interface SealPrimitives {
  /** AES-256-GCM (NIST SP 800-38D) under a key of 32 bytes. */
  readonly cipher: (key: Bytes) => SealCipher | Promise<SealCipher>
  /** Raw DEFLATE (RFC 1951); undefined where the runtime has none, and everything is then sealed as it is. */
  readonly deflate: ((bytes: Bytes) => Bytes | Promise<Bytes>) | undefined
  /** Undoes `deflate`; throws or rejects what is damaged, and what would be more than `limit` bytes. */
  readonly inflate: (bytes: Bytes, limit: number) => Bytes | Promise<Bytes>
}

/** One key; ivs have 12 bytes and are never used again. */
export interface SealCipher {
  /** The ciphertext, and after it the tag of 16 bytes, which also covers `context`. */
  readonly encrypt: (iv: Bytes, plain: Bytes, context: Bytes) => Bytes | Promise<Bytes>
  /** Undoes `encrypt`; throws or rejects whatever it did not make of the same iv and context. */
  readonly decrypt: (iv: Bytes, sealed: Bytes, context: Bytes) => Bytes | Promise<Bytes>
}
