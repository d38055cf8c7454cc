import { script } from "./connection.ts"

/*
 * KEYS[1] is a hash: "e<number> <stream>" is an event, its first character says whether it is the last, "r<stream>" is
 * "<first> <last>", the numbers kept of a stream, and "bytes" what all events take. KEYS[2] is a sorted set: streams by when
 * they were written to last, in milliseconds of Redis' clock.
 *
 * A Redis stream per stream of events would refuse an event that the client sends again after it lost the connection, and
 * counts no bytes; a list would keep it twice. Numbers without gaps need no index.
 */
const shared = `
local hash, written = KEYS[1], KEYS[2]
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function field(stream, number) return string.format("e%.0f %s", number, stream) end

local function range(stream)
  local kept = redis.call("HGET", hash, "r" .. stream)
  if not kept then return nil end
  local first, last = string.match(kept, "^(%d+) (%d+)$")
  return tonumber(first), tonumber(last)
end

local function expired(stream, ttl)
  local at = redis.call("ZSCORE", written, stream)
  return at and tonumber(at) + ttl <= now
end
`

/** ARGV: stream, number, event, ttl, most events, most bytes. Where it is there already, the client has sent it again. */
export const append = script(`${shared}
local stream, number, event = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local ttl, maxEvents, maxBytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local function drop(from, number)
  local name = field(from, number)
  local bytes = redis.call("HSTRLEN", hash, name)
  if redis.call("HDEL", hash, name) == 0 then return 0 end
  redis.call("HINCRBY", hash, "bytes", -(bytes + 99))
  return bytes + 99
end

local function forget(gone)
  local first, last = range(gone)
  if first then for n = first, last do drop(gone, n) end end
  redis.call("HDEL", hash, "r" .. gone)
  redis.call("ZREM", written, gone)
end

if expired(stream, ttl) then forget(stream) end
for _, gone in ipairs(redis.call("ZRANGEBYSCORE", written, "-inf", now - ttl, "LIMIT", 0, 100)) do forget(gone) end

local first, last = range(stream)
if first and last - number >= maxEvents then return end
if first and number - last >= maxEvents then
  forget(stream)
  first, last = nil, nil
end
if redis.call("HSETNX", hash, field(stream, number), event) == 0 then return end
local bytes = redis.call("HINCRBY", hash, "bytes", #event + 99)
first, last = math.min(first or number, number), math.max(last or number, number)
while last - first >= maxEvents do
  bytes = bytes - drop(stream, first)
  first = first + 1
end
redis.call("ZADD", written, now, stream)

if bytes > maxBytes then
  local enough = maxBytes * 0.9
  for _, old in ipairs(redis.call("ZRANGE", written, 0, 999)) do
    if bytes <= enough then break end
    if old ~= stream then
      local from, to = range(old)
      while from <= to and bytes > enough do
        bytes = bytes - drop(old, from)
        from = from + 1
      end
      if from > to then forget(old)
      else redis.call("HSET", hash, "r" .. old, string.format("%.0f %.0f", from, to)) end
    end
  end
  while first < last and bytes > enough do
    bytes = bytes - drop(stream, first)
    first = first + 1
  end
end

redis.call("HSET", hash, "r" .. stream, string.format("%.0f %.0f", first, last))
redis.call("PEXPIRE", hash, ttl)
redis.call("PEXPIRE", written, ttl)
`)

/** ARGV: stream, number, ttl. */
export const read = script(`${shared}
local stream, after, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if expired(stream, ttl) then return false end
local first, last = range(stream)
if not first then return false end
local events = {}
for from = math.max(first, after + 1), last, 1000 do
  local names, numbers = {}, {}
  for number = from, math.min(from + 999, last) do
    numbers[#numbers + 1] = number
    names[#names + 1] = field(stream, number)
  end
  for at, event in ipairs(redis.call("HMGET", hash, unpack(names))) do
    if event then
      events[#events + 1] = string.format("%.0f", numbers[at])
      events[#events + 1] = event
    end
  end
end
return events
`)
