const signs: Readonly<Record<string, RegExp>> = {
  "a stack frame": /\bat (?:async )?[\w.<>]+ \(|:\d+:\d+\)/,
  "a file path": /(?:file:\/\/\/(?!a)|\/(?:home|work|usr|tmp|root|node_modules|lib)\/|[\w-]\.[mc]?[jt]s\b)/,
  "an internal name":
    /\b(?:TypeError|RangeError|SyntaxError|ReferenceError|ValiError|FiberFailure|DefinitionError|PublicError|ToolError|ResourceNotFound|InvalidArguments|LiveRequest|~mcpipe)\b/,
  "an engine's complaint": /Cannot read propert|is not a function|is not iterable|undefined is not|\[object /,
  // half of a pair, escaped: strict JSON parsers refuse the whole message for it
  "half a character": /\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])/
}

/** What of our insides a body shows, in words; empty for a clean one. */
export const leaksOf = (body: string): ReadonlyArray<string> =>
  Object.entries(signs).flatMap(([sign, pattern]) =>
    // two backslashes are one that is shown, not the start of an escape
    pattern.test(body.replaceAll("\\\\", "")) ? [sign] : []
  )
