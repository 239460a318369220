#!lua
-- Writes the records of an account, whole or not at all, unless somebody else wrote first.
-- KEYS: rows, local. ARGV: head that is expected, next head, how to publish, channel,
-- milliseconds to live, then for each key: count and pairs to set, count and fields to delete.
local head = redis.call('HGET', KEYS[1], 'head') or ''
if head ~= ARGV[1] then
    return head
end
local at = 6
local function call(command, key)
    local count = tonumber(ARGV[at])
    at = at + 1
    local last = at + count - 1
    -- A call takes some thousand arguments.
    for first = at, last, 1000 do
        redis.call(command, key, unpack(ARGV, first, math.min(first + 999, last)))
    end
    at = last + 1
end
for _, key in ipairs(KEYS) do
    call('HDEL', key)
    call('HSET', key)
end
redis.call('HSET', KEYS[1], 'head', ARGV[2])
if ARGV[5] ~= '0' then
    for _, key in ipairs(KEYS) do
        redis.call('PEXPIRE', key, ARGV[5])
    end
end
redis.call(ARGV[3], ARGV[4], ARGV[2])
return false
