import { DefinitionError } from "./errors.ts"

/** Throws a `DefinitionError` where options are no record, or have a name that `where` does not know. */
export const checkOptions = (options: unknown, where: string, known: ReadonlyArray<string>): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new DefinitionError(`${where}: pass a record of options: ${known.join(", ")}.`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const there = known.length === 1 ? "there is" : "there are"
  throw new DefinitionError(`${where}: there is no option ${JSON.stringify(unknown)}; ${there} ${known.join(", ")}.`)
}
