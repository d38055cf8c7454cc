import { type Bytes, fromBase64url, toBase64url } from "./seal-base64url.ts"
import { nodeCipher } from "./seal-node.ts"
import type { MakeCipher, SealCipher } from "./seal-cipher.ts"
import { webCipher } from "./seal-web.ts"

/**
 * Seals the `requestState` that a client carries from one round of a call to the next (MCP 2026-07-28,
 * basic/patterns/mrtr): it can neither read nor change it, nor use it later or for anything else.
 */
export interface Sealer {
  /**
   * Seals JSON text. `binding` is authenticated with it and costs no bytes: only who knows it can open the state.
   * Rejects with a RangeError what `open` would refuse: a state over 1 MiB.
   */
  readonly seal: (text: string, binding: string) => Promise<string>
  /** Opens whatever a client sent; never rejects. */
  readonly open: (state: unknown, binding: string) => Promise<Opened>
}

/**
 * The sealed JSON text, or why there is none: `malformed` was never a state, `unknown-key` is of a key not in the ring,
 * `forged` was changed or is bound to something else, `expired` is too old.
 */
export type Opened =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: "malformed" | "unknown-key" | "forged" | "expired" }

export interface SealOptions {
  /**
   * Secrets of 32 characters or more: the first seals, all open. Default: one random key of this process. Put a new one in
   * front now and then, at the latest after 2^32 states (NIST SP 800-38D §8.3).
   */
  readonly keys?: ReadonlyArray<string> | undefined
  /** How long a state can be opened, in milliseconds. Default 15 minutes. */
  readonly ttl?: number | undefined
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** A sealer by AES-256-GCM; its keys are derived at the first use. */
export const makeSealer = (options: SealOptions): Sealer => {
  let sealer: Sealer | undefined
  const made = () => (sealer ??= sealerWith(nodeCipher() ?? webCipher, options))
  return {
    seal: (text, binding) => made().seal(text, binding),
    open: (state, binding) => made().open(state, binding)
  }
}

// A state is base64url of: version (1 byte), key id (4), iv (12), ciphertext, tag (16).
// Its plaintext is: when it expires (float64, milliseconds since 1970), the text. It is not compressed: a client that
// chooses some of the text could learn the rest of it from the length.
const VERSION = 1
const IV = 5
const CIPHERTEXT = 17
const TEXT = 8
const SHORTEST = CIPHERTEXT + TEXT + 16
const LONGEST_STATE = 2 ** 20

/** A sealer on a chosen cipher; states are the same on all of them. */
export const sealerWith = (makeCipher: MakeCipher, options: SealOptions): Sealer => {
  const { ttl = 15 * 60_000, now = Date.now } = options
  let ring: Promise<ReadonlyArray<Key>> | undefined
  // Not before the first use: Workers give no random bytes while modules load
  const keys = () => (ring ??= Promise.all((options.keys ?? [randomKey()]).map((key) => derive(key, makeCipher))))

  const ivs = randomIvs()

  const seal = async (text: string, binding: string): Promise<string> => {
    const plain = plainOf(now() + ttl, text)
    const { head, cipher } = (await keys())[0]!
    const token = toBase64url(await cipher.encrypt(head, ivs(), plain, utf8(binding)))
    if (token.length > LONGEST_STATE) {
      throw new RangeError(
        `A requestState has at most ${LONGEST_STATE} characters; this one would have ${token.length}.`
      )
    }
    return token
  }

  const open = async (state: unknown, binding: string): Promise<Opened> => {
    if (typeof state !== "string" || state.length > LONGEST_STATE) return malformed
    const bytes = fromBase64url(state)
    if (bytes === undefined || bytes.length < SHORTEST || bytes[0] !== VERSION) return malformed

    const id = viewOf(bytes).getUint32(1)
    const key = (await keys()).find((key) => key.id === id)
    if (key === undefined) return { ok: false, reason: "unknown-key" }

    let plain: Bytes
    try {
      plain = await key.cipher.decrypt(bytes.subarray(IV, CIPHERTEXT), bytes.subarray(CIPHERTEXT), utf8(binding))
    } catch {
      return { ok: false, reason: "forged" }
    }
    if (!(now() < viewOf(plain).getFloat64(0))) return { ok: false, reason: "expired" }
    return { ok: true, text: decoder.decode(plain.subarray(TEXT)) }
  }

  return { seal, open: (state, binding) => open(state, binding).catch(() => malformed) }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const malformed: Opened = { ok: false, reason: "malformed" }

interface Key {
  /** Tells keys of a ring apart, and nothing about the key. */
  readonly id: number
  /** What every state under this key begins with. */
  readonly head: Bytes
  readonly cipher: SealCipher
}

/** HKDF-SHA-256 (RFC 5869) of a secret: 32 bytes are the key, 4 more its id. */
const derive = async (secret: string, makeCipher: MakeCipher): Promise<Key> => {
  const { subtle } = globalThis.crypto
  const material = await subtle.importKey("raw", utf8(secret), "HKDF", false, ["deriveBits"])
  const info = utf8("mcpipe/requestState/v1")
  const derived = await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: utf8(""), info }, material, 36 * 8)
  const head = new Uint8Array([VERSION, ...new Uint8Array(derived, 32)])
  return { id: viewOf(head).getUint32(1), head, cipher: await makeCipher(new Uint8Array(derived, 0, 32)) }
}

/** Random ivs (NIST SP 800-38D §8.2.2), drawn a hundred at a time: a draw costs 8 µs, however many bytes it gives. */
const randomIvs = (): (() => Bytes) => {
  const bytes = new Uint8Array(1_200)
  let at = bytes.length
  return () => {
    if (at === bytes.length) {
      globalThis.crypto.getRandomValues(bytes)
      at = 0
    }
    at += 12
    return bytes.slice(at - 12, at)
  }
}

const randomKey = (): string => toBase64url(globalThis.crypto.getRandomValues(new Uint8Array(32)))

/** UTF-8 has no half characters; JSON text may hold them, in strings only, and can write them as escapes. */
const wellFormed = (text: string): string =>
  text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)

// `Buffer` writes short texts five times as fast as an encoder
const utf8 = (text: string): Bytes =>
  typeof Buffer === "function" ? Buffer.from(wellFormed(text)) : encoder.encode(wellFormed(text))

/** The plaintext of a state. */
const plainOf = (expires: number, text: string): Bytes => {
  const written = wellFormed(text)
  let plain: Bytes
  if (typeof Buffer === "function") {
    const bytes = Buffer.allocUnsafe(TEXT + Buffer.byteLength(written))
    bytes.write(written, TEXT)
    plain = bytes
  } else {
    const bytes = encoder.encode(written)
    plain = new Uint8Array(TEXT + bytes.length)
    plain.set(bytes, TEXT)
  }
  viewOf(plain).setFloat64(0, expires)
  return plain
}

const viewOf = (bytes: Bytes): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
