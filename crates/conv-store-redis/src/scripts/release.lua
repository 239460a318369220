#!lua flags=allow-oom
-- Gives a lease back and announces how its pass ended. KEYS: lease, outcome, rows. ARGV: holder, the
-- outcome, or nothing if the pass did not finish, milliseconds that it is kept, how to publish,
-- channel.
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
if ARGV[2] ~= '' then
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
redis.call(ARGV[4], ARGV[5], redis.call('HGET', KEYS[3], 'head') or '')
