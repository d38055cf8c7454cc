/** Which side of a schema clients see: what they send (`input`) or what they get (`output`). */
export type Mode = "input" | "output"

/** What to write instead of a valibot type that JSON cannot carry. */
export const fixFor = (type: string, mode: Mode): string =>
  (mode === "input" ? inputFixes : outputFixes)[type] ??
  "Use a type JSON has: string, number, boolean, null, array or object."

const inputFixes: Readonly<Record<string, string>> = {
  date: "Take a string: v.pipe(v.string(), v.isoTimestamp(), v.transform((text) => new Date(text))).",
  bigint: "Take digits: v.pipe(v.string(), v.digits(), v.transform(BigInt)).",
  set: "Take an array: v.pipe(v.array(…), v.transform((items) => new Set(items))).",
  map: "Take a record: v.pipe(v.record(v.string(), …), v.transform((record) => new Map(Object.entries(record)))).",
  blob: "Take base64 text: v.pipe(v.string(), v.base64()).",
  file: "Take base64 text: v.pipe(v.string(), v.base64()).",
  undefined: "Leave the property out, or use v.optional(…).",
  void: "Leave the property out, or use v.optional(…).",
  non_nullable: "Write the inner schema without v.nullable.",
  non_nullish: "Write the inner schema without v.nullish."
}

const outputFixes: Readonly<Record<string, string>> = {
  date: "Send a string: v.pipe(v.date(), v.transform((date) => date.toISOString()), v.string()).",
  bigint: "Send a string: v.pipe(v.bigint(), v.transform(String), v.string()).",
  set: "Send an array: v.pipe(v.set(…), v.transform((set) => [...set]), v.array(…)).",
  map: "Send a record: v.pipe(v.map(…), v.transform(Object.fromEntries), v.record(v.string(), …)).",
  undefined: "Leave the output schema or the property out.",
  void: "Leave the output schema or the property out."
}
