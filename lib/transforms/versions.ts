import { isText, OptionReader } from "../builder/options.ts"
import { type Transform, transform } from "../builder/transform.ts"
import { compareVersions } from "../runtime/versions.ts"

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
  const read = new OptionReader("versions(…)", options, ["gte", "lt", "includeUnversioned"])
  read.expect("gte", isText, 'use a version, such as "1.2"')
  read.expect("lt", isText, 'use a version, such as "2.0"')
  const includeUnversioned = read.flag("includeUnversioned", true)
  const [gte, lt] = [read.value("gte"), read.value("lt")]
  if (gte !== undefined && lt !== undefined && compareVersions(gte, lt) >= 0) {
    read.fail(`no version is ${gte} or later and before ${lt}; give a gte below lt.`)
  }
  return transform("versions", (components) =>
    components.filter(({ version }) => {
      if (version === undefined) return includeUnversioned
      if (gte !== undefined && compareVersions(version, gte) < 0) return false
      return lt === undefined || compareVersions(version, lt) < 0
    })
  )
}
