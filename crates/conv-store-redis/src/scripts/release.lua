#!lua flags=allow-oom
-- Gives a lease back and tells how its pass ended. KEYS: lease, outcome, rows. ARGV: holder,
-- milliseconds that an outcome is kept, or 0 if the pass did not finish, how to publish, channel.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
if ARGV[2] ~= '0' then
    redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
end
redis.call(ARGV[3], ARGV[4], redis.call('HGET', KEYS[3], 'head') or '')
