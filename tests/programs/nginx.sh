#!/bin/bash
# SPDX-License-Identifier: MIT
# nginx with a pool of threads that read its files: wrk, and meanwhile downloads whose contents are compared.
. "${0%/*}/common.sh"
need nginx nginx-light
need wrk wrk

port=$(free_port)
user=
[ "$(id -u)" -ne 0 ] || user='user root;'
mkdir files logs
head -c 20000 "$DATA" >files/small
cp "$DATA" files/large
cat >nginx.conf <<TEXT
$user
daemon off;
pid $PWD/nginx.pid;
error_log $PWD/logs/error;
worker_processes 1;
thread_pool pool threads=16;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $PWD/logs; proxy_temp_path $PWD/logs; fastcgi_temp_path $PWD/logs;
    uwsgi_temp_path $PWD/logs; scgi_temp_path $PWD/logs;
    aio threads=pool;
    server {
        listen 127.0.0.1:$port;
        root $PWD/files;
        location / { sendfile off; output_buffers 2 64k; }
        location /sent/ { alias $PWD/files/; sendfile on; sendfile_max_chunk 256k; }
    }
}
TEXT

get() {
    python3 - "$port" "$@" <<'PYTHON'
import hashlib, http.client, sys, threading

results = {}

def get(path, n):
    c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    c.request("GET", path)
    r = c.getresponse()
    results[path, n] = r.status, hashlib.sha256(r.read()).hexdigest()

threads = [threading.Thread(target=get, args=(p, n)) for p in sys.argv[2:] for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
for key in sorted(results): print(*key, *results[key])
PYTHON
}

start_server nginx -p "$PWD" -e "$PWD/logs/error" -c "$PWD/nginx.conf"
until_serves get /small
for where in "" sent/; do
    wrk -t 1 -c 64 -d 2s "http://127.0.0.1:$port/${where}small" >wrk &
    load=$!
    get "/${where}large" "/${where}small"
    wait "$load"
    rate "${where:-read/}small" "$(sed -n 's/^Requests\/sec: *//p' wrk)"
    grep -E 'Socket errors|Non-2xx' wrk || echo "no errors"
done
get /nothing | cut -d' ' -f1-3
stop_server kill -QUIT "$server"
cat logs/error | grep -v 'No such file' || :
