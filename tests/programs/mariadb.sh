#!/bin/bash
# SPDX-License-Identifier: MIT
# mariadbd with a thread for each connection, on a socket in the case's directory: sysbench's reading and writing
# transactions with each number of connections, which keep the number of rows; the tables checked, and the same after a restart.
. "${0%/*}/common.sh"
need mariadbd mariadb-server
need sysbench sysbench

tables=4 rows=1000
as=("--user=$(id -un)")

# An empty data directory is made once.
if [ ! -d "$KEEP/mariadb" ]; then
    mariadb-install-db --no-defaults "${as[@]}" --datadir="$KEEP/mariadb.new" --auth-root-authentication-method=normal \
        --skip-test-db --innodb-log-file-size=16M >install.log 2>&1 || { cat install.log >&2; exit 1; }
    mv "$KEEP/mariadb.new" "$KEEP/mariadb"
fi
cp -a "$KEEP/mariadb" data

start_mariadb() {
    start_server mariadbd --no-defaults "${as[@]}" --datadir="$PWD/data" --socket="$PWD/sql" --pid-file="$PWD/pid" \
        --skip-networking --thread-handling=one-thread-per-connection --max-connections=1200 --back-log=1200 \
        --thread-cache-size=16 --innodb-buffer-pool-size=64M --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=2 --innodb-fast-shutdown=0 \
        --max-prepared-stmt-count=100000 --table-open-cache=4000 --open-files-limit=10000
    until_serves ask 'SELECT 1'
}

ask() {
    mariadb --no-defaults -S sql -u root -N -B -e "$1"
}

bench() {
    sysbench --db-driver=mysql --mysql-socket="$PWD/sql" --mysql-user=root --mysql-db=bench --tables=$tables \
        --table-size=$rows "$@"
}

# Extended once: rows that wait to be purged are a warning.
contents() {
    local i
    for ((i = 1; i <= tables; i++)); do
        ask "SELECT COUNT(*), COUNT(DISTINCT id) FROM bench.sbtest$i; CHECK TABLE bench.sbtest$i $1"
    done
}

checksums() {
    ask "CHECKSUM TABLE bench.sbtest1, bench.sbtest2, bench.sbtest3, bench.sbtest4 EXTENDED"
}

start_mariadb
ask 'CREATE DATABASE bench'
bench oltp_read_write prepare >/dev/null
for threads in ${CONNECTIONS//,/ }; do
    bench --threads="$threads" --time=3 --rand-type=uniform --mysql-ignore-errors=1213,1020,1205 oltp_read_write run >run || { tail -n 12 run >&2; exit 1; }
    rate "transaction-$threads" "$(sed -n 's/.*transactions: .*(\([0-9.]*\) per sec.).*/\1/p' run)"
    echo "$threads connections"
    contents MEDIUM
done
before=$(checksums)
stop_server mariadb-admin --no-defaults -S sql -u root shutdown
start_mariadb
[ "$(checksums)" = "$before" ] && echo "as before the restart"
contents EXTENDED
stop_server kill -TERM "$server"
grep -c 'Shutdown complete' server.log
