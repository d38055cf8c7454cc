/** The JSON type of a value; empty for what JSON has no type for. */
export const kindOf = (value: unknown): string => {
  const type = typeof value
  if (type === "object") return value === null ? "null" : Array.isArray(value) ? "array" : "object"
  return type === "string" || type === "number" || type === "boolean" ? type : ""
}

/** Text that is the same for two JSON values if and only if they are equal, in whatever order their members come. */
export const canonicalValue = (value: unknown): string => {
  if (typeof value !== "object" || value === null)
    return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? "undefined")
  let text = ""
  if (Array.isArray(value)) {
    for (const item of value) text += `${canonicalValue(item)},`
    return `[${text}]`
  }
  for (const key of Object.keys(value).sort())
    text += `${JSON.stringify(key)}:${canonicalValue((value as Readonly<Record<string, unknown>>)[key])},`
  return `{${text}}`
}

/** Characters of a text, half ones counted as whole, as JSON Schema counts them (validation, §6.3.1); not on past `enough`. */
export const lengthOf = (text: string, enough: number): number => {
  if (text.length < enough) return text.length
  let count = 0
  for (let at = 0; at < text.length && count < enough; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0xd800 && code <= 0xdbff) {
      const next = text.charCodeAt(at + 1)
      if (next >= 0xdc00 && next <= 0xdfff) at++
    }
    count++
  }
  return count
}

/** Whether numbers are whole multiples of this one, as both are written in decimals: 0.3 is one of 0.1. */
export const multiplesOf = (divisor: number): ((value: number) => boolean) => {
  const [by, byExponent] = decimal(divisor)
  const parts = byExponent <= 0 && byExponent >= -15 ? 10 ** -byExponent : undefined
  // numbers have exponents of a few hundred at most
  const powers = new Map<number, bigint>()
  const power = (shift: number, modulus: bigint): bigint => {
    const known = powers.get(shift) ?? powerOfTen(shift, modulus)
    powers.set(shift, known)
    return known
  }
  return (value) => {
    if (value === 0) return true
    if (!Number.isFinite(value)) return false
    if (parts !== undefined) {
      const whole = Math.round(Math.abs(value) * parts)
      // decimals of 15 digits differ as doubles, so this is the one the number is written as, or it has more places
      if (whole < 1e15) return whole / parts === Math.abs(value) && whole % Number(by) === 0
    }
    const [digits, exponent] = decimal(value)
    const shift = exponent - byExponent
    // a divisor of more digits than any number has
    if (shift < -20) return false
    const scaled = Number(digits) * 10 ** Math.max(shift, 0)
    const unit = Number(by) * 10 ** Math.max(-shift, 0)
    // the same in numbers where they are exact, at a third of the time
    if (scaled <= Number.MAX_SAFE_INTEGER && unit <= Number.MAX_SAFE_INTEGER) return scaled % unit === 0
    const whole = BigInt(by)
    return shift < 0
      ? BigInt(digits) % (whole * 10n ** BigInt(-shift)) === 0n
      : ((BigInt(digits) % whole) * power(shift, whole)) % whole === 0n
  }
}

/** A number as the digits it is written in, and the power of ten they are multiplied by. */
const decimal = (value: number): readonly [digits: string, exponent: number] => {
  const text = Math.abs(value).toString()
  const e = text.indexOf("e")
  const coefficient = e === -1 ? text : text.slice(0, e)
  const exponent = e === -1 ? 0 : Number(text.slice(e + 1))
  const point = coefficient.indexOf(".")
  return point === -1
    ? [coefficient, exponent]
    : [coefficient.slice(0, point) + coefficient.slice(point + 1), exponent - (coefficient.length - point - 1)]
}

/** 10 to a power, modulo a number: by squares, since the power itself may have hundreds of digits. */
const powerOfTen = (power: number, modulus: bigint): bigint => {
  let result = 1n % modulus
  let square = 10n % modulus
  for (let left = power; left > 0; left >>= 1) {
    if (left & 1) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
