#!lua
-- Takes a lease, or returns its holder. The lease holds the moment too, in microseconds. KEYS: lease.
-- ARGV: holder, milliseconds to live.
local held = redis.call('GET', KEYS[1])
if held then
    -- A clock of the server's that went back would have others wait for a dead holder.
    if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
    end
    return string.match(held, '^%S+')
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. now, 'PX', ARGV[2])
return false
