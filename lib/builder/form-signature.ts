import type { AnySchema } from "./schema-guards.ts"

/**
 * What the requested schema of entries depends on, as text; undefined where that cannot be said for sure. Handlers write
 * their forms inline, so each run makes them anew: telling that one looks like one before costs 4 µs, converting it 90.
 */
export const formSignature = (entries: Readonly<Record<string, unknown>>): string | undefined => {
  let text = ""
  for (const name of Object.keys(entries)) {
    const field = fieldSignature(entries[name] as AnySchema | undefined)
    if (field === undefined) return undefined
    text += `${JSON.stringify(name)}:${field};`
  }
  return text
}

const fieldSignature = (schema: AnySchema | undefined): string | undefined => {
  if (schema?.kind !== "schema" || schema["fallback"] !== undefined) return undefined
  const base = baseSignature(schema)
  const pipe: ReadonlyArray<any> | undefined = schema["pipe"]
  if (base === undefined || pipe === undefined) return base
  let text = base
  // the first of a pipe is the schema itself
  for (const action of pipe.slice(1)) {
    const part = actionSignature(action)
    if (part === undefined) return undefined
    text += `|${part}`
  }
  return text
}

const baseSignature = (schema: AnySchema): string | undefined => {
  switch (schema.type) {
    case "string":
    case "number":
    case "boolean":
      return schema.type
    case "literal":
      return plainText("literal", schema["literal"])
    case "picklist":
      return plainText("picklist", schema["options"])
    case "optional": {
      const wrapped = fieldSignature(schema["wrapped"])
      const value = schema["default"]
      if (wrapped === undefined || typeof value === "function") return undefined
      const given = value === undefined ? "" : plainText("=", value)
      return given === undefined ? undefined : `optional(${wrapped})${given}`
    }
    case "array": {
      const item = fieldSignature(schema["item"])
      return item === undefined ? undefined : `array(${item})`
    }
    case "union": {
      const options = (schema["options"] as ReadonlyArray<AnySchema>).map(fieldSignature)
      return options.includes(undefined) ? undefined : `union(${options.join(",")})`
    }
    default:
      return undefined
  }
}

/** Metadata says itself; a validation is known by its type and what it requires. */
const actionSignature = ({ kind, type, requirement, ...action }: any): string | undefined => {
  switch (kind) {
    case "metadata":
      return plainText(type, action[type] ?? action.metadata)
    case "validation": {
      if (requirement === undefined) return type
      if (requirement instanceof RegExp) return `${type}${requirement}`
      return typeof requirement === "function" ? undefined : plainText(type, requirement)
    }
    default:
      return undefined
  }
}

/** Numbers JSON has no word for, and whatever else it would change, say nothing for sure. */
const plainText = (type: string, value: unknown): string | undefined => {
  const parts = Array.isArray(value) ? value : [value]
  const isPlain = (part: unknown) =>
    typeof part === "string" || typeof part === "boolean" || (typeof part === "number" && Number.isFinite(part))
  return parts.every(isPlain) ? `${type}${JSON.stringify(value)}` : undefined
}
