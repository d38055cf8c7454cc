import { Effect, tool } from "mcpipe"

/** What nobody may be told. */
export const secret = () => new Error("the password is hunter2")

const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

const nested = (): unknown => {
  let value: unknown = "bottom"
  for (let level = 0; level < 100_000; level++) value = [value]
  return value
}

/** What no result can hold, or what only fails when it is looked at. */
export const impossible: Readonly<Record<string, () => unknown>> = {
  "a cycle": () => cyclic,
  "a BigInt": () => 1n,
  "a BigInt in an object": () => ({ n: 1n }),
  "a toJSON that throws": () => ({
    toJSON: () => {
      throw secret()
    }
  }),
  "a function": () => () => {},
  "a symbol": () => Symbol("x"),
  "a generator that never ends": () =>
    (async function* () {
      for (;;) yield 1
    })(),
  "a stream": () => new ReadableStream(),
  "an error, not thrown": secret,
  "100,000 levels": nested,
  "a proxy that throws": () =>
    new Proxy(
      {},
      {
        get: () => {
          throw secret()
        },
        ownKeys: () => {
          throw secret()
        }
      }
    ),
  "a then that throws": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    get then() {
      throw secret()
    }
  })
}

/** The ways to fail. */
export const failing: Readonly<Record<string, () => unknown>> = {
  "an error": () => {
    throw secret()
  },
  null: () => {
    throw null
  },
  "what throws when it is read": () => {
    throw {
      get message() {
        throw secret()
      }
    }
  },
  "a rejection": () => Promise.reject(secret()),
  "a thenable that rejects": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then: (_: unknown, reject: (error: Error) => void) => reject(secret())
  }),
  "a failure": () => Effect.fail(secret()),
  "a defect": () => Effect.die(secret()),
  "an interruption of its own": () => Effect.interrupt
}

/** A tool of a handler that does not keep to its types. */
export const loose = (name: string, handler: () => unknown, timeout?: number) =>
  tool({ name, ...(timeout !== undefined && { timeout }) }, handler as () => string)
