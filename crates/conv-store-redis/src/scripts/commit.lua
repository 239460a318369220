#!lua
-- Writes the records of an account, whole or not at all, unless somebody else wrote first. Answers
-- `made`, also to a write that comes again because its answer was lost; `behind` if it was not made;
-- `unknown` if so many wrote since that it is not known which of the two.
-- KEYS: rows, local, writers. ARGV: head that is expected, next head, how to publish, channel,
-- milliseconds to live, account, version of the layout, then for rows and for local: count and
-- fields to delete, count and pairs to set.
local rows, writers = KEYS[1], KEYS[3]
local head = redis.call('HGET', rows, 'head') or ''
local last = string.match(head, '^%d+') or '0'
local seq, writer, count = string.match(ARGV[2], '^(%d+) (%w+):(%d+)$')
if head ~= ARGV[1] then
    local made = redis.call('HGET', writers, writer)
    if made and tonumber(string.match(made, '^%d+')) >= tonumber(count) then
        -- It is set to what it is, so that who waits for replicas waits until they have the write.
        redis.call('HSET', writers, writer, made)
        return 'made'
    end
    local forgotten = redis.call('HGET', writers, 'forgotten') or '0'
    if not made and tonumber(seq) <= tonumber(forgotten) then
        return 'unknown'
    end
    return 'behind'
end
if tonumber(seq) <= tonumber(last) then
    return redis.error_reply('ERR number ' .. seq .. ' of a write does not follow ' .. last)
end
if redis.call('HLEN', writers) == 0 then
    redis.call('HSET', rows, 'name', ARGV[6], 'schema', ARGV[7])
    redis.call('HSET', writers, 'forgotten', last)
    -- Version 1 lists some writers in the head.
    for name, number in string.gmatch(head, ' (%w+):(%d+)') do
        redis.call('HSET', writers, name, number .. ' ' .. last)
    end
end
local at = 8
local function call(command, key)
    local many = tonumber(ARGV[at])
    at = at + 1
    local to = at + many - 1
    -- A call takes some thousand arguments.
    for first = at, to, 1000 do
        redis.call(command, key, unpack(ARGV, first, math.min(first + 999, to)))
    end
    at = to + 1
end
for _, key in ipairs({ rows, KEYS[2] }) do
    call('HDEL', key)
    call('HSET', key)
end
redis.call('HSET', rows, 'head', ARGV[2])
redis.call('HSET', writers, writer, count .. ' ' .. seq)
-- Now and then writers are forgotten that wrote nothing for a thousand numbers, so that no more
-- are kept than that, and up to which number is noted. A few may stay for ever: they fit into the
-- small form that the server has for a hash.
if math.floor(seq / 128) ~= math.floor(last / 128) and redis.call('HLEN', writers) > 128 then
    local forgotten = tonumber(redis.call('HGET', writers, 'forgotten'))
    local all = redis.call('HGETALL', writers)
    for field = 1, #all, 2 do
        local wrote = tonumber(string.match(all[field + 1], ' (%d+)$'))
        if wrote and wrote <= seq - 1024 then
            redis.call('HDEL', writers, all[field])
            forgotten = math.max(forgotten, wrote)
        end
    end
    redis.call('HSET', writers, 'forgotten', string.format('%.0f', forgotten))
end
if ARGV[5] ~= '0' then
    for _, key in ipairs(KEYS) do
        redis.call('PEXPIRE', key, ARGV[5])
    end
end
redis.call(ARGV[3], ARGV[4], ARGV[2])
return 'made'
