type Found = (start: number, end: number) => void

/**
 * Secrets of programs: API keys with a well-known beginning (`sk-`, `ghp_`, `AKIA`, `xoxb-` and the like), JSON web tokens
 * (RFC 7519), what stands behind Bearer, Basic or Token (RFC 9110 §11.4), and private keys in PEM (RFC 7468).
 */
export const findTokens = (text: string, found: Found): void => {
  findKeys(text, found)
  findCredentials(text, found)
  findPrivateKeys(text, found)
}

const shortest = 20

const findKeys = (text: string, found: Found): void => {
  prefixes.lastIndex = 0
  for (let match = prefixes.exec(text); match !== null; match = prefixes.exec(text)) {
    const end = runEnd(text, match.index, isKey)
    if (end - match.index >= shortest && hasDigit(text, match.index, end)) found(match.index, end)
    // nothing begins inside of a row, so that each is looked at once
    prefixes.lastIndex = Math.max(end, match.index + 1)
  }
}

const prefixes =
  /(?<![A-Za-z0-9_-])(?:(?:sk|pk|rk)[-_]|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|npm_|hf_|pypi-|dop_v1_|whsec_|AKIA|ASIA|AIza|ya29\.|SG\.|eyJ)/g

const findCredentials = (text: string, found: Found): void => {
  schemes.lastIndex = 0
  for (let match = schemes.exec(text); match !== null; match = schemes.exec(text)) {
    const start = match.index + match[0].length
    const end = runEnd(text, start, isCredential)
    const isSecret = end - start >= 16 && hasDigit(text, start, end)
    if (isSecret) found(start, end)
    schemes.lastIndex = isSecret ? end : start
  }
}

const schemes = /(?<![A-Za-z0-9])(?:bearer|basic|token)[ \u00A0]{1,4}/gi

/** From the first line to the last; to the end of the text where the last is missing. */
const findPrivateKeys = (text: string, found: Found): void => {
  let start = text.indexOf("-----BEGIN ")
  while (start !== -1) {
    if (!/^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY( BLOCK)?-----/.test(text.slice(start, start + 80))) {
      start = text.indexOf("-----BEGIN ", start + 11)
      continue
    }
    const last = text.indexOf("-----END ", start)
    const dashes = last === -1 ? -1 : text.indexOf("-----", last + 9)
    const end = dashes === -1 ? text.length : dashes + 5
    found(start, end)
    start = text.indexOf("-----BEGIN ", end)
  }
}

const runEnd = (text: string, start: number, fits: (code: number) => boolean): number => {
  let end = start
  while (end < text.length) {
    const code = text.charCodeAt(end)
    // a dot that ends a sentence is no part of it
    if (!(fits(code) || (code === 0x2e && fits(text.charCodeAt(end + 1))))) break
    end++
  }
  return end
}

const hasDigit = (text: string, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x30 && code <= 0x39) return true
  }
  return false
}

const isKey = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x5f ||
  code === 0x2d

/** RFC 6750 §2.1, "b64token". */
const isCredential = (code: number): boolean =>
  isKey(code) || code === 0x7e || code === 0x2b || code === 0x2f || code === 0x3d
