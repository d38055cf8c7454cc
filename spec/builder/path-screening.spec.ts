import path from "node:path"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { screen } from "../../lib/builder/path-screening.ts"
import { parseUriTemplate } from "../../lib/builder/uri-template.ts"

const template = parseUriTemplate("x://{id}/{path*}{?q}", "spec")
const problem = (values: Record<string, string>) => screen(template.variables, values)?.problem

describe("screening of template variables", () => {
  it.each(["a", "a.b", "v1.2", "...x", "a:b c", "100%", "größe", "50%25", "user@example.org"])(
    "lets %j through",
    (value) => {
      expect(
        screen(template.variables, { id: value.replace("a:", "ab:"), path: `${value}/x`.replace("a:", "ab:") })
      ).toBeUndefined()
    }
  )

  it.each([
    ["..", 'has a ".." segment'],
    [".", 'has a "." segment'],
    ["a/../b", 'has a ".." segment'],
    ["a/..", 'has a ".." segment'],
    ["a/.. /b", 'has a ".." segment'],
    ["/etc/passwd", "is an absolute path"],
    ["//host/share", "is an absolute path"],
    ["C:/x", "begins with a drive letter"],
    ["c:x", "begins with a drive letter"],
    ["\\\\host", "contains a backslash"],
    ["a\\b", "contains a backslash"],
    ["a\u0000.txt", "contains a control character"],
    ["a\u007f", "contains a control character"],
    ["%2e%2E", 'has a ".." segment after decoding it twice'],
    ["a/%2e./b", 'has a ".." segment after decoding it twice'],
    ["%2fetc", "is an absolute path after decoding it twice"],
    ["a%5Cb", "contains a backslash after decoding it twice"],
    ["a%00", "contains a control character after decoding it twice"],
    ["%zz/%2e%2e/x", 'has a ".." segment after decoding it twice']
  ])("refuses %j: %s", (value, expected) => {
    expect(problem({ path: value })).toBe(expected)
  })

  it("lets only a path hold slashes, and names the variable it refuses", () => {
    expect(screen(template.variables, { id: "1", path: "a/b" })).toBeUndefined()
    expect(screen(template.variables, { id: "a/b", path: "x" })).toEqual({
      name: "id",
      problem: 'contains "/", but stands for one segment'
    })
    expect(problem({ id: "a%2Fb" })).toBe('contains "/", but stands for one segment after decoding it twice')
  })

  it("lets a query value say anything but control characters", () => {
    expect(problem({ q: "../a\\b%2e" })).toBeUndefined()
    expect(problem({ q: "a\nb" })).toBe("contains a control character")
  })

  it("refuses what a client smuggles past a URI's literals", () => {
    const found = template.match("x://1/docs/%2e%2e%2f%2e%2e%2fetc")!
    expect(screen(template.variables, found)).toEqual({ name: "path", problem: 'has a ".." segment' })
  })

  it("lets nothing through that leaves its directory, decoded once or twice, on POSIX or Windows", () => {
    const unit = fc.constantFrom("..", ".", "/", "\\", "a", "C:", "%2e", "%2F", "%5c", "%", "25", " ", "\u0000", "%00")
    const escapes = (value: string): boolean => {
      const posix = path.posix.normalize(path.posix.join("base", value))
      const windows = path.win32.resolve("Z:\\base", value)
      return (
        path.posix.isAbsolute(value) ||
        value.includes("\0") ||
        !(posix === "base" || posix.startsWith("base/")) ||
        !(windows === "Z:\\base" || windows.startsWith("Z:\\base\\"))
      )
    }
    let passed = 0
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), (units) => {
        const value = units.join("")
        if (problem({ path: value }) !== undefined) return
        passed++
        expect(escapes(value)).toBe(false)
        const again = value.replace(/%[0-7][0-9a-f]/gi, (escape) => decodeURIComponent(escape))
        expect(escapes(again)).toBe(false)
      }),
      { numRuns: 5000 }
    )
    expect(passed).toBeGreaterThan(200)
  })
})
