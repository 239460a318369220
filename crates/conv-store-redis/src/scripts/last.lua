#!lua flags=no-writes
-- Returns which pass finished last, and the moment in microseconds. KEYS: outcome.
local time = redis.call('TIME')
return { redis.call('GET', KEYS[1]), string.format('%.0f', time[1] * 1000000 + time[2]) }
