#!lua flags=allow-oom
-- Wipes an account, and has all who have it open look. KEYS: all of it. ARGV: how to publish, channel.
redis.call('UNLINK', unpack(KEYS))
redis.call(ARGV[1], ARGV[2], '')
