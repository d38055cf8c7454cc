/** How much of the full figures a run is after: `STRESS_FACTOR`, 1 by default; 0.01 tries the specs, 10 is for a night. */
const factor = Number(process.env["STRESS_FACTOR"] ?? 1)

/** So many, or what the run is after of it. */
export const scaled = (full: number): number => Math.max(1, Math.round(full * factor))

/**
 * Prints one line of what was measured.
 * @example told`R-1: ${10_000} sessions, ${1_703.2} B of heap each` // R-1: 10,000 sessions, 1,703 B of heap each
 */
export const told = (texts: TemplateStringsArray, ...figures: ReadonlyArray<number | string>): void => {
  const written = figures.map((figure) => (typeof figure === "number" ? writing(figure) : figure))
  console.info(String.raw({ raw: texts }, ...written))
}

const writing = (figure: number): string => {
  const maximumFractionDigits = Math.abs(figure) < 10 ? 2 : Math.abs(figure) < 100 ? 1 : 0
  return figure.toLocaleString("en-US", { maximumFractionDigits })
}

export const mebibytes = (bytes: number): number => bytes / 1_048_576

/** The value that so many percent are below. */
export const percentile = (values: ReadonlyArray<number>, percent: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor((values.length * percent) / 100))]!
