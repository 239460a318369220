#!lua
-- Takes a lease, or returns its holder. KEYS: lease. ARGV: holder, milliseconds to live.
local holder = redis.call('GET', KEYS[1])
if holder then
    -- A clock of the server's that went back would have others wait for a dead holder.
    if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
    end
    return holder
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
