import { createCipheriv, hkdfSync, randomBytes } from "node:crypto"
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { makeSealer, type SealOptions, sealerWith } from "../../lib/protocol/seal.ts"
import { nodeCipher } from "../../lib/protocol/seal-node.ts"
import { webCipher } from "../../lib/protocol/seal-web.ts"

const oldKey = "an old key of more than 32 characters"
const newKey = "a new key of more than 32 characters!"
const binding = '["ada","tools/call","book","digest of arguments"]'

const malformed = { ok: false, reason: "malformed" }
const forged = { ok: false, reason: "forged" }

/** A state as the format says, made by other means than the library's. */
const sealedByHand = (key: string, parts: { expires: number; content: Uint8Array }): string => {
  const derived = Buffer.from(hkdfSync("sha256", key, "", "mcpipe/requestState/v1", 36))
  const iv = randomBytes(12)
  const head = Buffer.alloc(8)
  head.writeDoubleBE(parts.expires)
  const cipher = createCipheriv("aes-256-gcm", derived.subarray(0, 32), iv).setAAD(Buffer.from(binding))
  const sealed = [cipher.update(head), cipher.update(parts.content), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat([Buffer.of(1), derived.subarray(32), iv, ...sealed]).toString("base64url")
}

const characters = fc.string({ unit: fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)), maxLength: 200 })

describe.each([
  ["node", nodeCipher()!],
  ["web", webCipher]
])("a sealer on the cipher of %s", (_, cipher) => {
  const sealer = (options?: SealOptions) => sealerWith(cipher, { keys: [newKey], ...options })
  const { seal, open } = sealer()

  it("opens what it sealed, whatever the JSON text", async () => {
    const texts = fc.oneof(
      fc.json(),
      characters.map((text) => JSON.stringify(text)),
      fc.json().map((text) => `\ufeff${text} `),
      fc.integer({ min: 1000, max: 1100 }).map((length) => JSON.stringify("é".repeat(length / 2)))
    )
    await fc.assert(
      fc.asyncProperty(texts, characters, async (text, bound) => {
        expect(await open(await seal(text, bound), bound)).toEqual({ ok: true, text })
      })
    )
  })

  it("keeps half characters inside strings, as the escapes JSON has for them", async () => {
    expect(await open(await seal('["a\ud800","\udfffb"]', binding), binding)).toEqual({
      ok: true,
      text: '["a\\ud800","\\udfffb"]'
    })
    const units = fc.string({ unit: fc.integer({ min: 0xd7fe, max: 0xe001 }).map((unit) => String.fromCharCode(unit)) })
    await fc.assert(
      fc.asyncProperty(units, async (text) => {
        const opened = await open(await seal(`"${text}"`, binding), binding)
        expect(JSON.parse(opened.ok ? opened.text : "null")).toBe(text)
      })
    )
  })

  it("adds 41 bytes to its text", async () => {
    for (const text of ["{}", JSON.stringify("x".repeat(700))]) {
      expect((await seal(text, binding)).length).toBe(Math.ceil(((text.length + 41) * 4) / 3))
    }
  })

  it("never gives the same state twice", async () => {
    const states = await Promise.all(Array.from({ length: 100 }, () => seal("{}", binding)))
    expect(new Set(states).size).toBe(100)
  })

  it("shows nothing of its text and binding", async () => {
    const state = Buffer.from(await seal('{"secret":"swordfish"}', "for ada only"), "base64url").toString("latin1")
    expect(state).not.toMatch(/secret|swordfish|ada/)
  })

  it("refuses a state in which any one bit was changed", async () => {
    const bytes = Buffer.from(await seal('{"paid":false}', binding), "base64url")
    const reasons = new Map<string, number>()
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const opened = await open(changed.toString("base64url"), binding)
      const reason = opened.ok ? "opened" : opened.reason
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    }
    expect([...reasons]).toEqual([
      ["malformed", 8],
      ["unknown-key", 32],
      ["forged", (bytes.length - 5) * 8]
    ])
  })

  it("refuses a state cut short, and one with more behind it", async () => {
    const state = await seal('{"a":1,"b":2}', binding)
    for (let length = 0; length < state.length; length++) {
      const opened = await open(state.slice(0, length), binding)
      // 41 bytes are the least, and a cut within a character of base64url leaves bits over
      if (length < 55 || length % 4 === 1) expect(opened).toEqual(malformed)
      else expect([malformed, forged]).toContainEqual(opened)
    }
    expect(await open(`${state}AAAA`, binding)).toEqual(forged)
    expect(await open(state + state, binding)).toEqual(forged)
  })

  it("refuses a state under any binding but its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (mine, theirs) => {
        fc.pre(mine !== theirs)
        expect(await open(await seal("{}", mine), theirs)).toEqual(forged)
      })
    )
  })

  it.each(["{}", "{ }", "[  ]"])("knows one spelling of the state of %s", async (text) => {
    const state = await seal(text, binding)
    const spellings = [`${state}=`, `${state}==`, ` ${state}`, `${state}\n`, `${state.slice(0, 9)}\t${state.slice(9)}`]
    if (/[-_]/.test(state)) spellings.push(state.replaceAll("-", "+").replaceAll("_", "/"))
    for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      if (!state.endsWith(last)) spellings.push(state.slice(0, -1) + last)
    }
    for (const spelling of spellings) expect((await open(spelling, binding)).ok).toBe(false)
  })

  it("lets the first key seal and all keys open, so that keys can be replaced without a pause", async () => {
    const before = sealer({ keys: [oldKey] })
    const during = sealer({ keys: [newKey, oldKey] })
    const after = sealer({ keys: [newKey] })
    const old = await before.seal('"old"', binding)
    const fresh = await during.seal('"fresh"', binding)
    expect(await during.open(old, binding)).toEqual({ ok: true, text: '"old"' })
    expect(await after.open(fresh, binding)).toEqual({ ok: true, text: '"fresh"' })
    expect(await before.open(fresh, binding)).toEqual({ ok: false, reason: "unknown-key" })
    expect(await after.open(old, binding)).toEqual({ ok: false, reason: "unknown-key" })
  })

  it("opens a state for 15 minutes, or as long as it is told", async () => {
    let now = 1_800_000_000_000
    for (const ttl of [undefined, 1000]) {
      const { seal, open } = sealer({ ttl, now: () => now })
      const state = await seal("{}", binding)
      now += (ttl ?? 900_000) - 1
      expect(await open(state, binding)).toEqual({ ok: true, text: "{}" })
      now += 1
      expect(await open(state, binding)).toEqual({ ok: false, reason: "expired" })
      expect(await open(state, "another")).toEqual(forged)
    }
  })

  it("takes nothing of a client amiss", async () => {
    const values = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
      characters,
      fc.base64String(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
      fc.uint8Array({ minLength: 40 }).map((bytes) => Buffer.from([1, ...bytes]).toString("base64url"))
    )
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const opened = await open(value, binding)
        expect(opened.ok ? "opened" : opened.reason).toMatch(/^(malformed|unknown-key)$/)
      })
    )
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(await open(proxy, binding)).toEqual(malformed)
  })

  it("opens states of the documented format, wherever they were sealed", async () => {
    const text = JSON.stringify({ name: "Zoë" })
    const expires = Date.now() + 60_000
    const plain = sealedByHand(newKey, { expires, content: Buffer.from(text) })
    expect(await open(plain, binding)).toEqual({ ok: true, text })
    for (const other of [sealerWith(webCipher, { keys: [newKey] }), makeSealer({ keys: [newKey] })]) {
      for (const text of ["{}", JSON.stringify("long ".repeat(1000))]) {
        expect(await open(await other.seal(text, binding), binding)).toEqual({ ok: true, text })
        expect(await other.open(await seal(text, binding), binding)).toEqual({ ok: true, text })
      }
    }
  })

  it.each([
    ["that is not UTF-8", Buffer.of(0x22, 0xff, 0x22), Date.now() + 60_000, "malformed"],
    ["that expires at no time", Buffer.from("{}"), Number.NaN, "expired"]
  ])("refuses a state under its own key %s", async (_, content, expires, reason) => {
    expect(await open(sealedByHand(newKey, { expires, content }), binding)).toEqual({ ok: false, reason })
  })

  it("has states whose length tells nothing but the length of the text", async () => {
    const lengths = await Promise.all(
      ["x".repeat(2_000), randomBytes(1_000).toString("hex")].map(async (text) => (await seal(text, binding)).length)
    )
    expect(lengths[0]).toBe(lengths[1])
  })

  it("opens the largest state it seals, and seals none that is larger", async () => {
    const most = JSON.stringify("x".repeat(786_389))
    const state = await seal(most, binding)
    expect(state.length).toBe(2 ** 20)
    expect(await open(state, binding)).toEqual({ ok: true, text: most })
    await expect(seal(`${most} `, binding)).rejects.toThrow(
      new RangeError("A requestState has at most 1048576 characters; this one would have 1048578.")
    )
    const long = sealedByHand(newKey, { expires: Date.now() + 60_000, content: Buffer.alloc(786_392, "x") })
    expect(await open(long, binding)).toEqual(malformed)
  })
})

describe("makeSealer", () => {
  it("makes a random key where it is given none, which no other sealer has", async () => {
    const mine = makeSealer({})
    const state = await mine.seal("{}", binding)
    expect(await mine.open(state, binding)).toEqual({ ok: true, text: "{}" })
    expect(await makeSealer({}).open(state, binding)).toEqual({ ok: false, reason: "unknown-key" })
  })

  it("asks for no random bytes before it is used, as Workers demand of modules", async () => {
    const random = vi.spyOn(globalThis.crypto, "getRandomValues")
    const sealer = makeSealer({})
    expect(random).not.toHaveBeenCalled()
    await sealer.seal("{}", binding)
    expect(random).toHaveBeenCalledTimes(2)
  })

  it("derives its keys once, however many calls begin at the same time", async () => {
    const derived = vi.spyOn(globalThis.crypto.subtle, "deriveBits")
    const { seal, open } = makeSealer({ keys: [newKey, oldKey] })
    const states = await Promise.all(Array.from({ length: 20 }, () => seal("{}", binding)))
    await Promise.all(states.map((state) => open(state, binding)))
    expect(derived).toHaveBeenCalledTimes(2)
  })

  it("works where there is no node:crypto", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined)
    const encrypt = vi.spyOn(globalThis.crypto.subtle, "encrypt")
    const { seal, open } = makeSealer({ keys: [newKey] })
    expect(await open(await seal("{}", binding), binding)).toEqual({ ok: true, text: "{}" })
    expect(encrypt).toHaveBeenCalledTimes(1)
  })
})
