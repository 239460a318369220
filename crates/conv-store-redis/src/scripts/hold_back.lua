#!lua
-- Lets no call through for a time; of two times the one that ends later counts. KEYS: hold.
-- ARGV: milliseconds.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
