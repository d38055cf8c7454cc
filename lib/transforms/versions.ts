import { DefinitionError } from "../builder/errors.ts"
import { type Transform, transform } from "../builder/transform.ts"
import { compareVersions } from "../runtime/versions.ts"
import { checkedOptions, expectOption, isText } from "./check.ts"

export interface VersionsOptions {
  /** Serves this version and later ones. */
  readonly gte?: string | undefined
  /** Serves versions before this one. */
  readonly lt?: string | undefined
  /** Whether components without a version are served. Default true. */
  readonly includeUnversioned?: boolean | undefined
}

/**
 * Serves the components whose versions are in a range; of those with one name clients get the highest. Versions are compared
 * part by part, numbers as numbers, `2.0-beta` before `2.0`. A `DefinitionError` for wrong options.
 * @example server(info).mount("v1", api, { transform: versions({ lt: "2" }) })
 */
export const versions = (options: VersionsOptions): Transform => {
  const where = "versions(…)"
  const {
    gte,
    lt,
    includeUnversioned = true
  }: VersionsOptions = checkedOptions(options, ["gte", "lt", "includeUnversioned"], where)
  expectOption(gte, isText, `${where}: gte`, 'use a version, such as "1.2"')
  expectOption(lt, isText, `${where}: lt`, 'use a version, such as "2.0"')
  expectOption(
    includeUnversioned,
    (flag) => typeof flag === "boolean",
    `${where}: includeUnversioned`,
    "use true or false"
  )
  if (gte !== undefined && lt !== undefined && compareVersions(gte, lt) >= 0) {
    throw new DefinitionError(`${where}: no version is ${gte} or later and before ${lt}; give a gte below lt.`)
  }
  return transform("versions", (components) =>
    components.filter(({ version }) => {
      if (version === undefined) return includeUnversioned
      if (gte !== undefined && compareVersions(version, gte) < 0) return false
      return lt === undefined || compareVersions(version, lt) < 0
    })
  )
}
