#!lua flags=no-writes
-- A value, and the milliseconds that it has left. KEYS: value.
return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }
