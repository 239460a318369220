#!lua
-- Lets no call through for a time; of two times the one that ends later counts. KEYS: hold.
-- ARGV: milliseconds, which are kept: a clock that went back would make them more.
local pause = tonumber(redis.call('GET', KEYS[1]) or '0')
if math.min(redis.call('PTTL', KEYS[1]), pause) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[1])
end
