import { DefinitionError } from "../builder/errors.ts"
import { shortJson } from "../builder/issues.ts"
import { isRecord } from "../builder/options.ts"

/** A record by names of components; anything else is a `DefinitionError` that shows `example`. */
export const checkedRecord = (given: unknown, where: string, example: string): Readonly<Record<string, any>> => {
  if (!isRecord(given) || Object.keys(given).length === 0) {
    throw new DefinitionError(`${where} takes a record that is not empty, such as ${example}, not ${shortJson(given)}.`)
  }
  return given
}

/** Names that a transform mentions, for the check that somebody has them. */
export const mentioned = (record: Readonly<Record<string, unknown>>) =>
  Object.keys(record).map((text) => ({ text, matches: (name: string) => name === text }))
