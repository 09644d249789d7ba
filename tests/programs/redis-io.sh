#!/bin/bash
# SPDX-License-Identifier: MIT
# redis-server with four I/O threads that read as well as write, under redis-benchmark with and without pipelining; then
# a known load, whose digest says that no command was lost.
. "${0%/*}/common.sh"
need redis-server redis-server
need redis-benchmark redis-tools

ask() {
    redis-cli -s redis.sock "$@"
}

answers() {
    ask PING | grep -q PONG
}

# load NAME OPTIONS...
load() {
    local name=$1
    shift
    redis-benchmark -s redis.sock --csv --threads 2 -r 10000 -t set,get "$@" >benchmark
    sed -n 's/^"\(SET\|GET\)","\([0-9.]*\)".*/\1 \2/p' benchmark | while read -r what number; do
        rate "$name-$what" "$number"
        echo "$name $what"
    done
}

start_server redis-server --port 0 --unixsocket "$PWD/redis.sock" --dir "$PWD" --save "" --appendonly no \
    --io-threads 4 --io-threads-do-reads yes --enable-debug-command local --daemonize no
until_serves answers
load single -c 64 -n 10000
load piped -c 64 -n 100000 -P 16
ask FLUSHALL
awk 'BEGIN { for (i = 0; i < 50000; i++) printf "SET key:%d value-%d\r\nINCRBY sum %d\r\n", i, i * 7919 % 100003, i }' |
    ask --pipe | tail -n 1
ask GET sum
ask DBSIZE
ask DEBUG DIGEST
stop_server kill -TERM "$server"
grep -c 'bye bye' server.log
