#!lua
-- Takes one call of a rate, or says in how many microseconds there may be one. KEYS: rate, hold.
-- ARGV: microseconds between two calls, microseconds of calls that may go out at once.
local held = redis.call('PTTL', KEYS[2])
if held > 0 then
    return held * 1000
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = free - now - tonumber(ARGV[2])
if wait > 0 then
    return wait
end
free = free + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000))
return 0
