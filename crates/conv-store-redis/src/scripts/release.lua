#!lua flags=allow-oom
-- Gives a lease back and announces how its pass ended. KEYS: lease, outcome, rows. ARGV: holder, the
-- outcome, or nothing if the pass did not finish, milliseconds that it is kept, how to publish,
-- channel. The outcome gets the moment when the lease was taken, unless it was lost since.
local outcome = ARGV[2]
local holder, taken = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+)(.*)$')
if holder == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
if outcome ~= '' then
    if holder == ARGV[1] then
        outcome = outcome .. taken
    end
    redis.call('SET', KEYS[2], outcome, 'PX', ARGV[3])
end
redis.call(ARGV[4], ARGV[5], redis.call('HGET', KEYS[3], 'head') or '')
