import { sha1 } from "@noble/hashes/legacy.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Driver } from "./client.ts"
import type { Settings } from "./options.ts"
import { RedisError } from "./redis-error.ts"
import { subscriptionsOver } from "./subscriptions.ts"

/** Redis, as a store uses it: whatever is asked of it is answered or fails in time. */
export interface Connection {
  readonly prefix: string
  /** Runs a command on one key. */
  readonly command: (command: string, key: string, ...args: ReadonlyArray<string>) => Effect.Effect<unknown, RedisError>
  /** Runs a script, in one step, on keys that share a node of a cluster. */
  readonly script: (
    script: Script,
    keys: ReadonlyArray<string>,
    args: ReadonlyArray<string>
  ) => Effect.Effect<unknown, RedisError>
  readonly publish: (channel: string, text: string) => Effect.Effect<void, RedisError>
  /** Ends once texts are heard, which they are until the scope closes. */
  readonly subscribe: (channel: string, hear: (text: string) => void) => Effect.Effect<void, RedisError, Scope.Scope>
}

/** A Lua script; Redis remembers it by the SHA-1 of its text. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export const script = (lua: string): Script => ({ lua, sha: bytesToHex(sha1(utf8ToBytes(lua))) })

/** Uses a client until the scope closes. Nothing is sent before it is asked for. */
export const connect = ({ driver, prefix, timeout }: Settings): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const pressure = pressureOf(timeout)
    let troubled = false
    let closed = false

    const onError = (error: unknown) => {
      if (troubled || closed) return
      troubled = true
      fork(Effect.logWarning("The connection to Redis is in trouble", messageOf(error)))
    }

    /** One command, within its time. A timer, since the fibers of `Effect.timeout` would change the order of commands. */
    const ask = (command: string, send: () => Promise<unknown>): Effect.Effect<unknown, RedisError> =>
      Effect.callback((resume) => {
        if (!pressure.admits()) return resume(Effect.fail(tooMany(command)))
        let state: "waits" | "given up" | "answered" = "waits"
        const giveUp = () => {
          if (state !== "waits") return
          state = "given up"
          clearTimeout(timer)
          pressure.add()
        }
        const answered = (effect: Effect.Effect<unknown, RedisError>) => {
          if (state === "given up") pressure.remove()
          state = "answered"
          clearTimeout(timer)
          resume(effect)
        }
        const timer = setTimeout(() => {
          giveUp()
          resume(Effect.fail(timedOut(command, timeout)))
        }, timeout)
        send().then(
          (reply) => {
            troubled = false
            answered(Effect.succeed(reply))
          },
          (error) => answered(Effect.fail(failed(command, error, driver)))
        )
        return Effect.sync(giveUp)
      })

    const subscriptions = subscriptionsOver(driver, onError)
    yield* Effect.acquireRelease(
      Effect.sync(() => driver.onError(onError)),
      (stop) =>
        Effect.sync(() => {
          // what is cut off now is no trouble
          closed = true
          stop()
          subscriptions.close()
        })
    )

    return {
      prefix,
      command: (command, key, ...args) => ask(command, () => driver.send(key, command, [key, ...args])),
      script: ({ lua, sha }, keys, args) => {
        const rest = [String(keys.length), ...keys, ...args]
        return ask("EVALSHA", () =>
          driver.send(keys[0], "EVALSHA", [sha, ...rest]).catch((error) => {
            if (!messageOf(error).startsWith("NOSCRIPT")) throw error
            return driver.send(keys[0], "EVAL", [lua, ...rest])
          })
        )
      },
      publish: (channel, text) =>
        Effect.asVoid(ask("PUBLISH", () => driver.send(undefined, "PUBLISH", [channel, text]))),
      subscribe: (channel, hear) =>
        Effect.flatMap(
          Effect.acquireRelease(
            Effect.sync(() => subscriptions.add(channel, hear)),
            ({ remove }) => Effect.sync(remove)
          ),
          ({ heard }) => Effect.asVoid(ask("SUBSCRIBE", () => heard))
        )
    }
  })

/** Commands given up for which the client still waits. It holds them back for as long as Redis is gone, so there is an end to them. */
const mostGivenUp = 1_000

const pressureOf = (timeout: number) => {
  let givenUp = 0
  let nextTry = 0
  return {
    /** Whether one more may be sent; where there are too many, one at a time finds out whether Redis is back. */
    admits: (): boolean => {
      if (givenUp < mostGivenUp) return true
      const now = performance.now()
      if (now < nextTry) return false
      nextTry = now + timeout
      return true
    },
    add: (): void => {
      if (++givenUp === mostGivenUp) nextTry = performance.now() + timeout
    },
    remove: (): void => {
      givenUp--
    }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error))

const timedOut = (command: string, timeout: number): RedisError =>
  new RedisError({
    reason: "timeout",
    command,
    message:
      `Redis did not answer ${command} within ${timeout} ms; check that its server can be reached, ` +
      "or raise the timeout of mcpipe/redis."
  })

const tooMany = (command: string): RedisError =>
  new RedisError({
    reason: "timeout",
    command,
    message:
      `${command} was not sent to Redis, which has left ${mostGivenUp} commands without an answer; ` +
      "check that its server can be reached."
  })

const failed = (command: string, cause: unknown, driver: Driver): RedisError => {
  const fix = driver.closed() ? "; connect the client before a server uses it, and close it after that" : ""
  return new RedisError({
    reason: "failed",
    command,
    message: `Redis could not do ${command}: ${messageOf(cause).replace(/\.$/, "")}${fix}.`,
    cause
  })
}
