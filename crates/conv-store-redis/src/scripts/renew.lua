#!lua
-- Renews a lease, unless somebody else has it. KEYS: lease. ARGV: holder, milliseconds to live.
if string.match(redis.call('GET', KEYS[1]) or '', '^%S+') ~= ARGV[1] then
    return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
