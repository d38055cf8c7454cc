/**
 * `mcpipe/redis`: what the processes of one server share, kept in Redis by a client of `redis` or `ioredis` that you pass,
 * so that any of them can go on where another was. Needs Redis 6.2, Valkey 7.2 or later; clusters are fine.
 */
export { redisChangeRelay } from "./change-relay.ts"
export type { IoredisClient, NodeRedisClient, RedisClient } from "./client.ts"
export { type EventLimits, type RedisEventOptions, redisEventStore } from "./event-store.ts"
export { redisJournalStore } from "./journal-store.ts"
export { type RedisLayerOptions, redisLayer } from "./layer.ts"
export type { RedisOptions } from "./options.ts"
export { redisRateLimitStore } from "./rate-limit-store.ts"
export { RedisError } from "./redis-error.ts"
export { redisSessionStore } from "./session-store.ts"
export { redisStateStore } from "./state-store.ts"
