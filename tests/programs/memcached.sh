#!/bin/bash
# SPDX-License-Identifier: MIT
# memcached with eight threads: memcaslap, which looks at a part of the values that it gets, then a client that looks at
# all of them.
. "${0%/*}/common.sh"
need memcached memcached
need memcaslap libmemcached-tools

export MEMCACHED_PORT_FILENAME=$PWD/port
user=()
[ "$(id -u)" -ne 0 ] || user=(-u root)
start_server memcached -t 8 -c 1024 -m 256 -l 127.0.0.1 -p -1 -U 0 "${user[@]}"
until_serves grep -q '^TCP INET: ' port
port=$(sed -n 's/^TCP INET: //p' port)

memcaslap -s "127.0.0.1:$port" -T 2 -c 64 -t 2s -v 0.2 >load
rate request "$(sed -n 's/.* TPS: \([0-9]*\) .*/\1/p' load)"
grep '^verify' load
python3 - "$port" <<'PYTHON'
import socket, sys, threading

CONNECTIONS, KEYS = 16, 1500
sums = [0] * CONNECTIONS

def value(who, i):
    return b"%d-%d-" % (who, i) + b"x" * (i * 37 % 3000)

def client(who):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s, s.makefile("rwb") as f:
        for i in range(KEYS):
            v = value(who, i)
            f.write(b"set k%d.%d 0 0 %d\r\n%s\r\n" % (who, i, len(v), v))
            f.write(b"incr all 1\r\n")
            f.flush()
            assert f.readline() == b"STORED\r\n"
            f.readline()
        for i in range(KEYS):
            f.write(b"get k%d.%d\r\n" % (who, i))
            f.flush()
            head = f.readline().split()
            assert head[1] == b"k%d.%d" % (who, i), head
            v = f.read(int(head[3]) + 2)
            assert v == value(who, i) + b"\r\n" and f.readline() == b"END\r\n"
            sums[who] += 1

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s, s.makefile("rwb") as f:
    f.write(b"flush_all\r\nset all 0 0 1\r\n0\r\n")
    f.flush()
    assert f.readline() == b"OK\r\n" and f.readline() == b"STORED\r\n"
    clients = [threading.Thread(target=client, args=(i,)) for i in range(CONNECTIONS)]
    for c in clients: c.start()
    for c in clients: c.join()
    f.write(b"get all\r\n")
    f.flush()
    print(f.readline(), f.readline(), sum(sums))
PYTHON
stop_server kill -TERM "$server"
