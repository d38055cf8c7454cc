import { createHmac } from "node:crypto"
import fc from "fast-check"
import { DefinitionError, PublicError } from "mcpipe"
import { describe, expect, it } from "vitest"
import { redactor, type RedactorOptions } from "../../lib/middleware/redactor.ts"

const key = "0123456789abcdef0123456789abcdef"

describe("redactor", () => {
  it("hides fields by path, at any depth where the path says so, and nothing beside them", () => {
    const clean = redactor({ fields: ["user.email", "items[].ssn", "*.token", "**.password", 'a["odd.name"]'] })
    expect(
      clean({
        user: { email: "ann@x.org", name: "Ann", other: { email: "kept" } },
        items: [{ ssn: "1" }, { ssn: "2", list: [{ ssn: "kept" }] }],
        session: { token: { nested: true } },
        token: "kept",
        deep: [[{ password: 7 }]],
        password: false,
        a: { "odd.name": "x", odd: { name: "kept" } }
      })
    ).toEqual({
      user: { email: "[redacted]", name: "Ann", other: { email: "kept" } },
      items: [{ ssn: "[redacted]" }, { ssn: "[redacted]", list: [{ ssn: "kept" }] }],
      session: { token: "[redacted]" },
      token: "kept",
      deep: [[{ password: "[redacted]" }]],
      password: "[redacted]",
      a: { "odd.name": "[redacted]", odd: { name: "kept" } }
    })
  })

  it("leaves null and undefined in fields: they hide nothing", () => {
    const given = { user: { email: null }, other: undefined }
    expect(redactor({ fields: ["user.email", "other"] })(given)).toBe(given)
  })

  it("puts what a field says in its place, or leaves it out", () => {
    const clean = redactor({
      fields: [
        { path: "age", with: 0 },
        { path: "note", remove: true },
        { path: "list[]", remove: true }
      ]
    })
    expect(clean({ age: 44, note: "x", list: [1, 2], kept: 1 })).toEqual({ age: 0, list: [], kept: 1 })
  })

  it("tells names apart by case unless told not to", () => {
    const given = { Password: "a", PASSWORD: "b", password: "c" }
    expect(redactor({ fields: ["password"] })(given)).toEqual({ ...given, password: "[redacted]" })
    expect(redactor({ fields: ["passWord"], ignoreCase: true })(given)).toEqual({
      Password: "[redacted]",
      PASSWORD: "[redacted]",
      password: "[redacted]"
    })
  })

  it("hides patterns in strings, in names of members and in numbers", () => {
    const clean = redactor({ patterns: ["email", "card", /\bPIN-\d+\b/] })
    expect(clean({ "ann@x.org": ["mail bob@x.org now"], n: 4111111111111111, ok: 42, pin: "PIN-12!" })).toEqual({
      "[redacted]": ["mail [redacted] now"],
      n: "[redacted]",
      ok: 42,
      pin: "[redacted]!"
    })
    expect(redactor({ patterns: [/^1234$/] })({ pin: 1234, other: 12345 })).toEqual({ pin: "[redacted]", other: 12345 })
  })

  it("keeps members apart whose names become the same", () => {
    const clean = redactor({ patterns: ["email"] })
    const made = clean({ "a@x.org": 1, "b@x.org": 2, "[redacted] (2)": 3 })
    expect(made).toEqual({ "[redacted]": 1, "[redacted] (2)": 2, "[redacted] (2) (2)": 3 })
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`u${n}@x.org`, n]))
    expect(Object.values(clean(many) as object)).toEqual(Object.values(many))
  })

  it("replaces by a text, by a function, or by a keyed hash that is the same for equal secrets", () => {
    expect(redactor({ patterns: ["email"], replace: "***" })("a@x.org, b@x.org")).toBe("***, ***")
    expect(redactor({ patterns: [/\d{8}/], replace: (s) => `…${s.slice(-2)}` })("id 12345678")).toBe("id …78")
    expect(redactor({ fields: ["a"], replace: (s) => `<${s}>` })({ a: { z: 1, b: [2] } })).toEqual({
      a: '<{"b":[2],"z":1}>'
    })
    const hash = redactor({ patterns: ["email"], replace: "hash", key })
    const mac = (secret: string) => createHmac("sha256", key).update(secret).digest("hex").slice(0, 32)
    const [a, b] = [`[redacted:${mac("a@x.org")}]`, `[redacted:${mac("b@x.org")}]`]
    expect(hash("a@x.org b@x.org a@x.org")).toBe(`${a} ${b} ${a}`)
    expect(redactor({ patterns: ["email"], replace: "hash", key: `${key}!` })("a@x.org")).not.toBe(hash("a@x.org"))
  })

  it("masks what a function fails to replace", () => {
    const throws = () => {
      throw new Error("no")
    }
    expect(redactor({ patterns: ["email"], replace: throws })("a@x.org")).toBe("[redacted]")
    expect(redactor({ patterns: ["email"], replace: (() => 5) as never })("a@x.org")).toBe("[redacted]")
  })

  it("hides a string longer than maxString whole where a regular expression would have to run on it", () => {
    const long = `${"x".repeat(100_001)}`
    expect(redactor({ patterns: [/secret/] })({ long, short: "a secret" })).toEqual({
      long: "[redacted]",
      short: "a [redacted]"
    })
    expect(redactor({ patterns: [/secret/], maxString: 200_000 })(long)).toBe(long)
    expect(redactor({ patterns: ["email"] })(`${long} a@x.org`)).toBe(`${long} [redacted]`)
    expect(redactor({ patterns: [/b/], maxString: 3 })(["abc", "aaac"])).toEqual(["a[redacted]c", "[redacted]"])
  })

  it("uses no state of the patterns it was given, and leaves them none", () => {
    const pattern = /a+/g
    pattern.lastIndex = 3
    const clean = redactor({ patterns: [pattern], replace: "*" })
    expect([clean("aab a"), clean("aab a"), pattern.lastIndex]).toEqual(["*b *", "*b *", 3])
  })

  it("copies only what leads to a secret", () => {
    const given = { clean: { a: [1, { b: 2 }] }, dirty: { deep: [{ mail: "a@x.org" }, { fine: {} }] } }
    const made = redactor({ patterns: ["email"] })(given) as typeof given
    expect(made).not.toBe(given)
    expect(made.clean).toBe(given.clean)
    expect(made.dirty.deep[1]).toBe(given.dirty.deep[1])
    expect(given.dirty.deep[0]).toEqual({ mail: "a@x.org" })
  })

  it("keeps cycles, with nothing hidden left in them", () => {
    const given: any = { mail: "a@x.org", list: [] }
    given.self = given
    given.list.push(given)
    const made = redactor({ patterns: ["email"] })(given) as any
    expect(made.mail).toBe("[redacted]")
    expect(made.self).toBe(made)
    expect(made.list[0]).toBe(made)
    const harmless: any = { a: 1 }
    harmless.self = harmless
    expect(redactor({ patterns: ["email"] })(harmless)).toBe(harmless)
    expect(() => redactor({ fields: ["self.self.mail"] })(given)).not.toThrow()
  })

  it("visits shared parts once, so that a small value cannot take for ever", () => {
    let given: unknown = { mail: "a@x.org" }
    for (let i = 0; i < 60; i++) given = [given, given]
    const made = redactor({ patterns: ["email"] })(given) as any
    expect(made[0]).toBe(made[1])
    let inner = made
    while (Array.isArray(inner)) inner = inner[0]
    expect(inner).toEqual({ mail: "[redacted]" })
  })

  it("never throws on what is no plain data", () => {
    const clean = redactor({ patterns: ["email"], fields: ["**.token"] })
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no")
        }
      }
    )
    const getter = {
      get a() {
        throw new Error("a@x.org")
      }
    }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    expect(clean([hostile, getter, revoked.proxy])).toEqual(["[redacted]", "[redacted]", "[redacted]"])
    const harmless = [
      new Date(0),
      new Date(Number.NaN),
      /a/,
      new Uint8Array(8),
      Symbol("a"),
      () => 1,
      10n,
      Number.NaN,
      -0,
      new WeakMap(),
      new Map([["a", 1]]),
      new Set([1]),
      Promise.resolve(),
      Object.create(null),
      new Error("fine"),
      undefined
    ]
    expect(clean(harmless)).toBe(harmless)
  })

  it("looks into what JSON or a log would write out of other objects", () => {
    const clean = redactor({ patterns: ["email"], fields: ["**.token"] })
    class User {
      readonly mail = "a@x.org"
      readonly #hidden = "b@x.org"
      get hidden() {
        return this.#hidden
      }
    }
    expect(clean(new User())).toEqual({ mail: "[redacted]" })
    expect(clean({ toJSON: () => ({ mail: "a@x.org" }) })).toEqual({ mail: "[redacted]" })
    expect(clean(new URL("https://h.org/?m=a@x.org"))).toBe("https://h.org/?m=[redacted]")
    expect(clean(new String("a@x.org"))).toBe("[redacted]")
    expect(clean(new Map([["a@x.org", { token: 1 }]]))).toEqual(new Map([["[redacted]", { token: "[redacted]" }]]))
    expect(clean(new Set(["a@x.org"]))).toEqual(new Set(["[redacted]"]))
    const error = clean(new PublicError("mail a@x.org", { data: { token: 1 } })) as PublicError
    expect(error).toBeInstanceOf(PublicError)
    expect([error.message, error.data, error.stack?.includes("a@x.org")]).toEqual([
      "mail [redacted]",
      { token: "[redacted]" },
      false
    ])
  })

  it("keeps a member called __proto__ as data", () => {
    const given = JSON.parse('{"__proto__":{"mail":"a@x.org"},"b":1}')
    const made = redactor({ patterns: ["email"] })(given) as object
    expect(JSON.stringify(made)).toBe('{"__proto__":{"mail":"[redacted]"},"b":1}')
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
  })

  it("masks what lies below 1,000 levels", () => {
    let given: unknown = "a@x.org"
    for (let i = 0; i < 100_000; i++) given = [given]
    let made = redactor({ patterns: ["email"] })(given)
    let depth = 0
    while (Array.isArray(made)) {
      made = made[0]
      depth++
    }
    expect([made, depth]).toEqual(["[redacted]", 1001])
  })

  it.each<[string, unknown]>([
    ["redactor: name at least one of fields or patterns; there is nothing to hide.", {}],
    ["redactor: pass a record of options: fields, ignoreCase, patterns, replace, key, maxString.", undefined],
    [
      'redactor: there is no option "field"; there are fields, ignoreCase, patterns, replace, key, maxString.',
      { field: ["a"] }
    ],
    ['redactor: fields is "a"; use an array.', { fields: "a" }],
    ["redactor: patterns is RegExp; use an array.", { patterns: /a/ }],
    [
      'redactor: patterns[0] is "mail"; use a regular expression or one of email, card, token, phone, iban.',
      { patterns: ["mail"] }
    ],
    [
      "redactor: patterns[1] is /a*/g, which matches the empty text; let it match one character or more.",
      { patterns: ["email", /a*/] }
    ],
    ["redactor: patterns[0] is /a/y; take away its flag y, which hides later matches.", { patterns: [/a/y] }],
    [
      'redactor: fields[0] is {"path":"a"}; use a path, { path, with: a string, number, boolean or null } or { path, remove: true }.',
      { fields: [{ path: "a" }] }
    ],
    ['redactor: key is for replace: "hash" alone; leave it out.', { patterns: ["email"], key }],
    [
      'redactor: replace: "hash" needs a key of at least 16 bytes; without one, anybody can hash all e-mail addresses and compare.',
      { patterns: ["email"], replace: "hash", key: "short" }
    ],
    [
      'redactor: replace is null; use "mask", "hash", a text that is not empty, or a function.',
      { patterns: ["email"], replace: null }
    ],
    [
      'redactor: replace is ""; use "mask", "hash", a text that is not empty, or a function.',
      { patterns: ["email"], replace: "" }
    ],
    [
      "redactor: maxString is 0; use an integer from 1 to 1000000000, in characters.",
      { patterns: ["email"], maxString: 0 }
    ],
    ["redactor: ignoreCase is 1; use true or false.", { fields: ["a"], ignoreCase: 1 }]
  ])("refuses options: %s", (message, options) => {
    expect(() => redactor(options as RedactorOptions)).toThrow(new DefinitionError(message))
  })

  it.each(["", ".a", "a.", "a..b", "a[", "a[0]", "a.**", "**", 'a["b', "a b", "a[]b"])(
    "refuses the field path %j",
    (path) => {
      expect(() => redactor({ fields: [path] })).toThrow(/^redactor: the field path .* write it like user\.email/)
    }
  )
})

const secrets = {
  email: "ann.secret+x@mail.example.org",
  card: "4111 1111 1111 1111",
  token: "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
  phone: "+49 171 1234567",
  iban: "DE89 3704 0044 0532 0130 00"
} as const

/** Random JSON with a secret in one string, name or array, with spaces around it so that nothing is glued to it. */
const planted = fc
  .record({
    json: fc.jsonValue({ maxDepth: 4 }),
    kind: fc.constantFrom(...(Object.keys(secrets) as Array<keyof typeof secrets>)),
    before: fc.string(),
    after: fc.string(),
    place: fc.array(fc.oneof(fc.string(), fc.nat(3)), { maxLength: 5 }),
    asName: fc.boolean()
  })
  .map(({ json, kind, before, after, place, asName }) => {
    const text = `${before}\n\n${secrets[kind]}\n\n${after}`
    let value: unknown = asName ? { [text]: json } : text
    for (const key of place) {
      value =
        typeof key === "string" ? { a: json, [key]: value } : [...Array.from({ length: key }, () => json), value, json]
    }
    return { value, secret: secrets[kind] }
  })

const all = ["email", "card", "token", "phone", "iban"] as const

describe("redactor, for any value", () => {
  const ways: ReadonlyArray<readonly [string, RedactorOptions]> = [
    ["mask", { patterns: all }],
    ["hash", { patterns: all, replace: "hash", key }],
    ["text", { patterns: all, replace: "hidden@example.org 4111111111111111" }],
    ["fields too", { patterns: [...all, /sec?ret\w*/i], fields: ["**.a", "*[].b", { path: "c", with: 0 }] }]
  ]
  it.each(ways)("leaves no planted secret, wherever it is (%s)", (way, options) => {
    const clean = redactor(options)
    fc.assert(
      fc.property(planted, ({ value, secret }) => {
        const made = JSON.stringify(clean(value))
        expect(made).not.toContain(JSON.stringify(secret).slice(1, -1))
        if (way !== "text") expect(made).not.toContain("4111 1111 1111")
      })
    )
  })

  const glued = fc
    .array(
      fc.oneof(
        fc.constantFrom(...Object.values(secrets)),
        fc.constantFrom("@", ".", "a", "x.org", "[redacted]", "0171 ", "+49", "-", " ", "5", "Bearer ", "-----BEGIN "),
        fc.string({ maxLength: 3 })
      ),
      { maxLength: 12 }
    )
    .map((parts) => parts.join(""))

  it.each(ways)("changes nothing more the second time (%s)", (_, options) => {
    const clean = redactor(options)
    fc.assert(
      fc.property(
        fc.oneof(
          planted.map(({ value }) => value),
          glued,
          fc.anything()
        ),
        (value) => {
          const once = clean(value)
          expect(clean(once)).toBe(once)
        }
      ),
      { numRuns: 1_000 }
    )
  })

  it("gives the very value where there is nothing to hide, and never throws", () => {
    const clean = redactor({ patterns: [/\u{10FFFE}/u], fields: ["nowhere.to.be.found"] })
    fc.assert(
      fc.property(fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true }), (value) => {
        expect(clean(value)).toBe(value)
      }),
      { numRuns: 1_000 }
    )
  })

  it("hides a field at every place its path names, and changes only those", () => {
    const clean = redactor({ fields: ["**.secret"] })
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue(), (json, hidden) => {
        fc.pre(hidden !== null && !JSON.stringify(json).includes('"secret":'))
        const given = { json, list: [{ secret: hidden }], secret: hidden }
        expect(clean(given)).toEqual({ json, list: [{ secret: "[redacted]" }], secret: "[redacted]" })
        expect((clean(given) as typeof given).json).toBe(json)
      })
    )
  })
})
