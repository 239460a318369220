#!lua flags=no-writes
-- All records of an account, and what some fields of its writers hold, of one instant.
-- KEYS: rows, local, writers. ARGV: fields.
return {
    redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]),
    redis.call('HMGET', KEYS[3], unpack(ARGV)),
}
