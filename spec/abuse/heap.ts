import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** Bytes of the heap of this process that are still reachable. */
export const reachable = async (): Promise<number> => {
  // what finalizers and weak references let go of is collected by the next round
  for (let round = 0; round < 3; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

/** How a heap grew with the calls made. */
export interface Growth {
  /** Bytes a call, by least squares over all samples. */
  readonly slope: number
  /** Reachable bytes before the calls that warm up. */
  readonly cold: number
  /** Reachable bytes after those, after each part, and at the end. */
  readonly samples: ReadonlyArray<number>
}

/** Makes `calls` calls in `parts` parts after a tenth as many to warm up, and measures a heap between them. */
export const growthOf = async (
  calls: number,
  parts: number,
  run: (calls: number) => Promise<void>,
  heap: () => Promise<number> = reachable
): Promise<Growth> => {
  const cold = await heap()
  await run(calls / 10)
  const samples = [await heap()]
  for (let part = 0; part < parts; part++) {
    await run(calls / parts)
    samples.push(await heap())
  }
  return { slope: slopeOf(samples) / (calls / parts), cold, samples }
}

/** Least squares, since one sample alone may be off by what the engine compiled meanwhile. */
const slopeOf = (samples: ReadonlyArray<number>): number => {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  let shared = 0
  let squares = 0
  for (const [at, sample] of samples.entries()) {
    shared += (at - middle) * (sample - mean)
    squares += (at - middle) ** 2
  }
  return shared / squares
}
