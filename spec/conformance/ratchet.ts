import { readFileSync } from "node:fs"
import type { Check, Suite } from "./referee.ts"

/** Checks expected to fail: `scenario/check` → the reason. */
export type Ratchet = Readonly<Record<string, string>>

/** What is expected to fail in each suite. */
export const ratchets: Readonly<Record<Suite, Ratchet>> = JSON.parse(
  readFileSync(new URL("./ratchet.json", import.meta.url), "utf8")
)

export interface Verdict {
  readonly passed: number
  /** Failed as the ratchet says. */
  readonly expected: ReadonlyArray<Check>
  /** Failed, and the ratchet does not list them. */
  readonly broken: ReadonlyArray<Check>
  /** Listed in the ratchet, but passed or no longer examined: to be removed there. */
  readonly stale: ReadonlyArray<string>
}

/** Compares what the referee saw with what the ratchet allows; it only ever gets shorter. */
export const judge = (checks: ReadonlyArray<Check>, ratchet: Ratchet): Verdict => {
  const failed = checks.filter((check) => !check.ok)
  const names = new Set(failed.map((check) => check.name))
  return {
    passed: checks.length - failed.length,
    expected: failed.filter((check) => check.name in ratchet),
    broken: failed.filter((check) => !(check.name in ratchet)),
    stale: Object.keys(ratchet).filter((name) => !names.has(name))
  }
}

/** A few lines for people: counts, reasons, and exactly what to mend. */
export const describe = (title: string, verdict: Verdict, ratchet: Ratchet): string => {
  const reasons = new Map<string, number>()
  for (const { name } of verdict.expected) {
    const reason = ratchet[name]!
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const { passed, expected, broken, stale } = verdict
  return [
    `${title}: ${passed} checks pass, ${expected.length} fail as listed, ${broken.length} fail unlisted, ${stale.length} listed in vain`,
    ...[...reasons].map(([reason, count]) => `  listed  ${count} × ${reason}`),
    ...broken.map(({ name, message }) => `  BROKEN  ${name}: ${message.slice(0, 300)}`),
    ...stale.map((name) => `  PASSES  ${name}: remove it from spec/conformance/ratchet.json`)
  ].join("\n")
}
