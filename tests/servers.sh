#!/bin/bash
# SPDX-License-Identifier: MIT
# The echo server with a thread for each connection (bench/server, its client bench/load), on NPTL and under the preload: a
# million requests, after which its descriptors, kernel threads and memory are counted; ten thousand connections; twenty
# starts in a row. The client looks at each answer and at how the server ends.
set -uo pipefail

usage() {
    cat <<TEXT
usage: ${0##*/} [OPTION...] LIBRARY    LIBRARY: libumcg-pthread.so
  --requests N      on 1,000 connections (default 1000000)
  --connections N   all at once (default 10000)
  --starts N        in a row, 64 connections each (default 20)
  --bench DIRECTORY where server and load are (default bench)
TEXT
    exit "${1:-2}"
}
requests=1000000 connections=10000 starts=20 bench=bench library=
while [ $# -gt 0 ]; do
    case $1 in
    --requests) requests=$2; shift ;;
    --connections) connections=$2; shift ;;
    --starts) starts=$2; shift ;;
    --bench) bench=$2; shift ;;
    --help) usage 0 ;;
    -*) usage ;;
    *) library=$(realpath -e -- "$1") || exit 2 ;;
    esac
    shift
done
[ -n "$library" ] || usage
ulimit -n "$(ulimit -Hn)"
failed=0

wrong() {
    echo "  WRONG: $*"
    failed=$((failed + 1))
}

# load OPTION...: its line of JSON, in $line.
load() {
    line=$(timeout -s KILL 300 "$bench/load" --server "$bench/server" "$@" 2>&1) || { wrong "load $*: $line"; return 1; }
}

figure() {
    sed -n "s/.*\"$1\": *\([0-9.e+]*\).*/\1/p" <<<"$line"
}

row() {
    printf '%-22s %8.2f us each, p99 %8.0f us' "$1" "$(figure ns_per_op | awk '{ print $1 / 1000 }')" "$(figure p99_ns | awk '{ print $1 / 1000 }')"
    printf ' | descriptors %s -> %s, threads %s -> %s, carriers %s -> %s, VmRSS %s -> %s kB\n' \
        $(for what in descriptors threads carriers resident_kb; do figure ${what}_before; figure ${what}_after; done)
}

# compare BEFORE AFTER ROOM WHAT: AFTER may be more by ROOM.
compare() {
    [ "$2" -le $(($1 + $3)) ] || wrong "$4: $1 before, $2 after"
}

for side in NPTL ours; do
    preload=()
    [ $side = NPTL ] || preload=(--preload "$library")
    if load --connections 1000 --seconds 250 --requests "$requests" "${preload[@]}"; then
        row "$side, $requests req."
        # A spare carrier for each server may come; memory may grow by what NPTL's does, and some pages of stacks.
        compare "$(figure descriptors_before)" "$(figure descriptors_after)" 2 descriptors
        compare "$(figure threads_before)" "$(figure threads_after)" 0 threads
        compare "$(figure carriers_before)" "$(figure carriers_after)" "$(nproc)" carriers
        grown=$(($(figure resident_kb_after) - $(figure resident_kb_before)))
        [ $side = NPTL ] && allowed=$((grown + 1000))
        [ $grown -le "${allowed:-1000}" ] || wrong "memory: $grown kB more, $allowed allowed"
    fi
    load --connections "$connections" --seconds 3 "${preload[@]}" && row "$side, $connections conn."
    good=0
    for ((i = 0; i < starts; i++)); do
        load --connections 64 --seconds 0.2 "${preload[@]}" && good=$((good + 1))
    done
    echo "$side: $good of $starts starts"
done
[ $failed -eq 0 ] && echo "nothing wrong"
[ $failed -eq 0 ]
