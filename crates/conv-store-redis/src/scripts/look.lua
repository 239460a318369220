#!lua flags=allow-oom
-- Returns the holder of a lease, and which pass finished last, with which write. KEYS: lease, outcome. ARGV: milliseconds that
-- a lease lasts at most: longer it does only since the server's clock went back.
if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[1]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
local holder = string.match(redis.call('GET', KEYS[1]) or '', '^%S+')
return { holder or false, redis.call('GET', KEYS[2]) }
