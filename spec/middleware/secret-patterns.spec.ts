import { describe, expect, it } from "vitest"
import { redactor } from "../../lib/middleware/redactor.ts"
import { type SecretPattern, secretPatterns } from "../../lib/middleware/secret-patterns.ts"

const table: Record<SecretPattern, ReadonlyArray<readonly [text: string, made: string]>> = {
  email: [
    ["Ann <ann.b+c@mail.example.co.uk>.", "Ann <#>."],
    ["mailto:ann@x.org?subject=hi", "mailto:#?subject=hi"],
    ["https://h.org/?email=ann@x.org&b=1", "https://h.org/?email=#&b=1"],
    ["a@b.co,c@d.org;'e@f.org'", "#,#;#'"],
    ["jörg@müller.de und 用户@例子.公司", "# und #"],
    ["ann\u200b@x.org", "#"],
    ["ann@xn--mnchen-3ya.xn--p1ai", "#"],
    ["ann@x.org.", "#."],
    ["ann@x.org-foo", "#-foo"],
    ["a@b, @handle, a @ b.org, ann@localhost, 5@5.5", "a@b, @handle, a @ b.org, ann@localhost, 5@5.5"]
  ],
  card: [
    ["4111111111111111", "#"],
    ["visa 4111-1111-1111-1111, exp 12/28", "visa #, exp 12/28"],
    ["3782 822463 10005 and 5555.5555.5555.4444", "# and #"],
    ["4111 1111 1111 1111 123", "# 123"],
    ["1 4111 1111 1111 1111", "1 #"],
    ["6011000990139424x", "#x"],
    ["4222222222222 is 13, 6304000000000000000 is 19", "# is 13, # is 19"],
    [
      "4111111111111112 1700000000000 41111111111111110000 1234567812345670",
      "4111111111111112 1700000000000 41111111111111110000 1234567812345670"
    ]
  ],
  token: [
    ["key sk-proj-abcdefghijkl12345678.", "key #."],
    ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "#"],
    ["AKIAIOSFODNN7EXAMPLE, xoxb-123456789012-abcdef", "#, #"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP", "#"],
    ["Authorization: Bearer abcdef1234567890==", "Authorization: Bearer #"],
    ["Bearer Bearer abcdef1234567890", "Bearer Bearer #"],
    ["a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nb", "a\n#\nb"],
    ["-----BEGIN PRIVATE KEY-----\nMII", "#"],
    [
      "sk-learn basic understanding of task-1234567890123456 -----BEGIN CERTIFICATE-----",
      "sk-learn basic understanding of task-1234567890123456 -----BEGIN CERTIFICATE-----"
    ]
  ],
  phone: [
    ["+491711234567", "#"],
    ["call +49 (0)171 123-4567!", "call #!"],
    ["0049 171 1234567", "#"],
    ["(415) 555-0100, 415-555-0100, 1.415.555.0100", "#, #, #"],
    ["030 1234567, 0171/1234567, 01711234567", "#, #, #"],
    [
      "2024-01-02 10:30, 192.168.100.200, 1700000000000, 550e8400-e29b-41d4-a716-446655440000, 0.123456789",
      "2024-01-02 10:30, 192.168.100.200, 1700000000000, 550e8400-e29b-41d4-a716-446655440000, 0.123456789"
    ]
  ],
  iban: [
    ["DE89370400440532013000", "#"],
    ["pay DE89 3704 0044 0532 0130 00 EUR", "pay # EUR"],
    ["gb29-nwbk-6016-1331-9268-19", "#"],
    ["NO9386011117947", "#"],
    ["AB12 CDEF DE89 3704 0044 0532 0130 00", "AB12 CDEF #"],
    ["DE88370400440532013000 AB12CDEF", "DE88370400440532013000 AB12CDEF"]
  ]
}

describe.each(Object.keys(table) as Array<SecretPattern>)("the pattern %s", (name) => {
  it.each(table[name])("makes of %j this: %j", (text, made) => {
    expect(redactor({ patterns: [name], replace: "#" })(text)).toBe(made)
  })
})

describe("the built-in patterns", () => {
  it("are the five there are", () => {
    expect([...secretPatterns.keys()]).toEqual(["email", "card", "token", "phone", "iban"])
  })

  it.each([
    "a",
    "@",
    "1",
    "1234 ",
    "a.",
    "ann@x.org ",
    "+1 ",
    "+12345678901234567",
    "DE12 ",
    "DE12ABCD",
    "sk-",
    "eyJ.",
    "bearer ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN X ",
    "1-",
    "(0",
    "4111 1111 1111 1111 "
  ])(
    "go through a million characters of %j before a test's deadline, which a quadratic search would miss by far",
    (unit) => {
      const clean = redactor({ patterns: ["email", "card", "token", "phone", "iban"] })
      const text = unit.repeat(Math.ceil(1_000_000 / unit.length))
      expect(typeof clean(text)).toBe("string")
    }
  )
})
