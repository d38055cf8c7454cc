/**
 * `mcpipe/middleware`: ready-made middleware for `server.use(…)`, the `use` of a mount, or a single component. Each says
 * whether it stands around wire requests or inside of the logical call, and counts one logical call once.
 */
export { audit, type AuditOptions, type AuditRecord } from "./audit.ts"
export { type Cache, cache, type CacheOptions, type CacheStats } from "./cache.ts"
export type { CallFailure } from "./call-failure.ts"
export type { CircuitState } from "./circuit.ts"
export { circuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts"
export { concurrencyLimit, type ConcurrencyLimitOptions } from "./concurrency-limit.ts"
export { errors, type ErrorsOptions, type FailedRequest, type FailureReport, type Shown } from "./errors.ts"
export { logging, type LoggingOptions, type LogRecord } from "./logging.ts"
export { ping } from "./ping.ts"
export type { PingOptions } from "../runtime/ping-settings.ts"
export type { Rate, RateAlgorithm } from "./rate.ts"
export { rateLimit } from "./rate-limit.ts"
export type { RateLimitOptions } from "./rate-limit-options.ts"
export type { KeyPart, RequestKey } from "./request-key.ts"
export type { RequestScope } from "./request-scope.ts"
export type { CircuitChange } from "./circuits.ts"
export { responseLimit, type ResponseLimitOptions } from "./response-limit.ts"
export { type FailedAttempt, retry, type RetryOptions } from "./retry.ts"
export { type CallTimeoutOptions, timeout } from "./timeout.ts"
export { timing, type TimingOptions } from "./timing.ts"
