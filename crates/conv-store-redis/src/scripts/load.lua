#!lua flags=allow-oom
-- All records of an account, of one instant. KEYS: rows, local.
return { redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]) }
