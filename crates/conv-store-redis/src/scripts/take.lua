#!lua
-- Takes a lease, or tells who has it. KEYS: lease. ARGV: holder, milliseconds to live.
local holder = redis.call('GET', KEYS[1])
if holder then
    return holder
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
