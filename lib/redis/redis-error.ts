import * as Data from "effect/Data"

/**
 * Redis did not do what it was told. `"timeout"`: it has not answered in time, and may still do it. `"failed"`: it refused, or
 * the client could not send it; `cause` is the client's error.
 */
export class RedisError extends Data.TaggedError("RedisError")<{
  readonly reason: "timeout" | "failed"
  /** Such as `"EVALSHA"`. */
  readonly command: string
  readonly message: string
  readonly cause?: unknown
}> {}
