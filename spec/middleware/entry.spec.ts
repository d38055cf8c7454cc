import * as middleware from "mcpipe/middleware"
import * as transforms from "mcpipe/transforms"
import { expect, it } from "vitest"

it("mcpipe/middleware exports these values, and no others", () => {
  expect(Object.keys(middleware).sort()).toEqual([
    "audit",
    "cache",
    "circuitBreaker",
    "concurrencyLimit",
    "errors",
    "logging",
    "ping",
    "rateLimit",
    "redact",
    "redactor",
    "responseLimit",
    "retry",
    "sanitize",
    "timeout",
    "timing"
  ])
})

it("mcpipe/transforms exports these values, and no others", () => {
  expect(Object.keys(transforms).sort()).toEqual([
    "dereference",
    "describe",
    "except",
    "filter",
    "namespace",
    "promptsAsTools",
    "redactFields",
    "rename",
    "resourcesAsTools",
    "toolSearch",
    "transformTool",
    "transformTools",
    "versions"
  ])
})
