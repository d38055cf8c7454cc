/**
 * A copy of a value as it would arrive over a wire, sharing no object with it. Objects and arrays are copied directly, which
 * costs a fifth of stringifying and parsing (0.5 against 2.5 µs for a small result); a subtree that JSON would change (dates,
 * boxed primitives, anything with `toJSON`) takes that way. Throws what `JSON.stringify` throws, and a `RangeError` beyond
 * `maxDepth` levels.
 */
export const copyJson = (value: unknown, maxDepth: number): unknown => copy(value, maxDepth, 0)

const copy = (value: unknown, maxDepth: number, depth: number): unknown => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      // JSON has neither NaN nor infinities, and writes -0 as 0.
      return Number.isFinite(value) ? value + 0 : null
    case "object":
      return value === null ? null : copyObject(value, maxDepth, depth)
    default:
      return roundTrip(value)
  }
}

const copyObject = (value: object, maxDepth: number, depth: number): unknown => {
  if (depth >= maxDepth) {
    throw new RangeError(`nested deeper than ${maxDepth} levels`)
  }
  if (Array.isArray(value)) {
    const items = new Array<unknown>(value.length)
    for (let index = 0; index < value.length; index++) {
      items[index] = copy(value[index], maxDepth, depth + 1) ?? null
    }
    return items
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function" || isBoxed(value)) {
    // what comes of it is plain, and its depth is checked as that of everything else
    return copy(roundTrip(value), maxDepth, depth)
  }
  const target: Record<string, unknown> = {}
  // takes half the time of Object.keys; what is inherited is left out as there
  for (const key in value) {
    if (!Object.hasOwn(value, key)) {
      continue
    }
    const copied = copy((value as Record<string, unknown>)[key], maxDepth, depth + 1)
    if (copied === undefined) {
      continue
    }
    if (key === "__proto__") {
      // Assigning would change the prototype instead of adding the key, as JSON.parse does.
      Object.defineProperty(target, key, { value: copied, enumerable: true, configurable: true, writable: true })
    } else {
      target[key] = copied
    }
  }
  return target
}

/** Of the instances of classes, JSON writes these as something else than their own members. */
const isBoxed = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype !== Object.prototype && prototype !== null && boxed.has(Object.prototype.toString.call(value))
}

const boxed = new Set(["[object Number]", "[object String]", "[object Boolean]", "[object BigInt]"])

const roundTrip = (value: unknown): unknown => {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}
