#!lua
-- Takes one call of a rate, or says in how many microseconds there may be one. KEYS: rate, hold.
-- ARGV: microseconds between two calls, microseconds of calls that may go out at once.
-- The server's clock may go back: nothing here lies further ahead than it was put.
local held = redis.call('PTTL', KEYS[2])
if held > 0 then
    local pause = tonumber(redis.call('GET', KEYS[2]))
    if held > pause then
        redis.call('PEXPIRE', KEYS[2], pause)
        held = pause
    end
    return held * 1000
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local between, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local free = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = free - now - burst
if wait > between then
    wait = between
    redis.call('SET', KEYS[1], string.format('%.0f', now + burst + between), 'KEEPTTL')
end
if wait > 0 then
    return wait
end
free = free + between
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000))
return 0
