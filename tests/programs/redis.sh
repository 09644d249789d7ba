#!/bin/bash
# SPDX-License-Identifier: MIT
# redis-server with three I/O threads, on a socket in the case's directory: snapshots by forked children while
# clients write, redis-benchmark, the append-only file rewritten, and after each shutdown and restart the same keys.
# Its background threads free what was deleted.
. "${0%/*}/common.sh"

ask() {
    redis-cli -s redis.sock "$@"
}

# One INFO field.
field() {
    ask INFO "$1" | tr -d '\r' | sed -n "s/^$2://p"
}

# Wait until an INFO field has that value; the judge's deadline ends a wait for ever.
until_field() {
    while [ "$(field "$1" "$2")" != "$3" ]; do
        sleep 0.02
    done
}

start_redis() {
    start_server redis-server --port 0 --unixsocket "$PWD/redis.sock" --dir "$PWD" --save "" --appendonly "$1" \
        --appendfsync everysec --io-threads 3 --io-threads-do-reads yes --lazyfree-lazy-user-del yes \
        --lazyfree-lazy-user-flush yes --enable-debug-command local --daemonize no
    until_serves answers
}

answers() {
    ask PING | grep -q PONG
}

# A checksum of all keys and values, whatever their order, and their number.
contents() {
    ask DEBUG DIGEST
    ask DBSIZE
}

# Keys with fixed values, as the protocol's own pipe mode.
fill() {
    awk -v from="$1" -v to="$2" 'BEGIN {
        for (i = from; i < to; i++) {
            printf "SET key:%d value-%d\r\n", i, i * 7919 % 100003
            printf "HSET hash:%d a %d b %d\r\n", i % 100, i, i * i % 1009
            printf "RPUSH list:%d %d\r\n", i % 50, i
            printf "ZADD sorted:%d %d member-%d\r\n", i % 20, i * 31 % 997, i
            printf "SADD set:%d %d\r\n", i % 30, i % 211
        }
    }' | ask --pipe | tail -n 1
}

start_redis no
fill 0 10000
ask BGSAVE >/dev/null
fill 10000 20000
until_field persistence rdb_bgsave_in_progress 0
field persistence rdb_last_bgsave_status
before=$(contents)
redis-benchmark -s redis.sock -q -n 10000 -c 50 -P 4 --threads 2 -r 1000 -t set,get,incr,lpush,rpop >benchmark
tr '\r' '\n' <benchmark | grep -c 'requests per second'
for pattern in 'key:0000*' 'counter:*' mylist; do
    ask --scan --pattern "$pattern" | xargs -r redis-cli -s redis.sock DEL >/dev/null
done
[ "$(contents)" = "$before" ] && echo "as before the benchmark"
ask BGSAVE >/dev/null
until_field persistence rdb_bgsave_in_progress 0
stop_server ask SHUTDOWN SAVE
redis-check-rdb dump.rdb | grep -c 'RDB looks OK'

start_redis no
[ "$(contents)" = "$before" ] && echo "as before the restart"
contents
for key in key:19999 key:123; do ask GET "$key"; done
ask HGETALL hash:7 | sort
ask LRANGE list:49 0 4
ask ZRANGE sorted:3 0 4 WITHSCORES
ask CONFIG SET appendonly yes
until_field persistence aof_rewrite_in_progress 0
fill 20000 22000
ask BGREWRITEAOF >/dev/null
fill 22000 23000
until_field persistence aof_rewrite_in_progress 0
field persistence aof_last_bgrewrite_status
before=$(contents)
stop_server ask SHUTDOWN NOSAVE

start_redis yes
[ "$(contents)" = "$before" ] && echo "as the append-only file says"
contents
ask FLUSHALL ASYNC
until_field memory lazyfree_pending_objects 0
ask DBSIZE
stop_server kill -TERM "$server"
grep -c 'bye bye' server.log
