import { script } from "./connection.ts"

/** Milliseconds of Redis' clock, the same for all processes. */
const clock = `
local clock = redis.call("TIME")
local now = clock[1] * 1000 + clock[2] / 1000
`

/**
 * KEYS[1] is a hash: how many tokens there were, and when. It expires once it is full, which is what no hash means.
 * ARGV: limit, window, burst, weight.
 */
export const takeTokens = script(`${clock}
local rate, burst, weight = ARGV[1] / ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call("HMGET", KEYS[1], "tokens", "at")
local tokens = burst
if kept[1] then tokens = math.min(burst, kept[1] + math.max(0, now - kept[2]) * rate) end
if tokens + 1e-9 < weight then return string.format("%.0f", math.max(1, math.ceil((weight - tokens) / rate))) end
tokens = tokens - weight
redis.call("HSET", KEYS[1], "tokens", string.format("%.17g", tokens), "at", string.format("%.3f", now))
redis.call("PEXPIRE", KEYS[1], string.format("%.0f", math.ceil((burst - tokens) / rate) + 1))
return "0"
`)

/** KEYS[1] is a hash: what was taken, by the number of the slot. ARGV: limit, window, slots per window, weight. */
export const takeInWindow = script(`${clock}
local limit, window, count, weight = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local width = window / count
local slot = math.floor(now / width)
local kept = redis.call("HGETALL", KEYS[1])
local slots, total = {}, 0
for at = 1, #kept, 2 do
  local number = tonumber(kept[at])
  if number < slot - count then redis.call("HDEL", KEYS[1], kept[at])
  else
    local taken = tonumber(kept[at + 1])
    slots[#slots + 1] = { number, taken }
    total = total + taken
  end
end
local missing = total + weight - limit - 1e-9
if missing > 0 then
  table.sort(slots, function(one, other) return one[1] < other[1] end)
  local at = 1
  while missing > slots[at][2] do
    missing = missing - slots[at][2]
    at = at + 1
  end
  return string.format("%.0f", math.max(1, math.ceil((slots[at][1] + count + 1) * width - now)))
end
redis.call("HINCRBYFLOAT", KEYS[1], string.format("%.0f", slot), ARGV[4])
redis.call("PEXPIRE", KEYS[1], string.format("%.0f", math.ceil(window + width) + 1))
return "0"
`)
