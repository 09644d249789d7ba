#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs Debian's own binaries on NPTL and under the preload, alternately, and compares what they print, what
# they write and how they end. The cases are the scripts of tests/programs/. Ratio: NPTL's median over ours.
set -uo pipefail
cases=$(cd "$(dirname "$0")/programs" && pwd)
all=(pigz zstd xz lbzip2 pbzip2 sort sqlite sysbench-threads sysbench-mutex hackbench python-event python python-signals ruby erlang java sbcl swipl restic firefox redis redis-io memcached nginx mariadb python-server)

usage() {
    cat <<TEXT
usage: ${0##*/} [OPTION...] UMCG    UMCG: the umcg tool, or libumcg-pthread.so; "" runs NPTL against itself
  --times N       run every program N times, ending at its first difference or hang (default 1)
  --connections A,B  of the loads of mariadb, one after the other (default 16,64)
  --size MB       size of the generated data (default 24); --full means 200
  --only A,B      these of: ${all[*]}
  --deadline S    seconds until a run counts as a hang (default 300)
  --nptl-runs N   NPTL is only needed for comparison and timing (default 3, never more than --times)
TEXT
    exit "${1:-2}"
}
die() { echo "${0##*/}: $1" >&2; exit 2; }
positive() { [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || die "$1 '$2' is not a positive number"; }

connections=16,64
times=1 size=24 deadline=300 nptl_runs=3 umcg=() only=("${all[@]}")
while [ $# -gt 0 ]; do
    case $1 in
    --full) size=200 ;;
    --help) usage 0 ;;
    --times | --size | --deadline | --nptl-runs)
        name=${1#--}
        positive "$1" "${2:-}"
        printf -v "${name//-/_}" %s "$2"
        shift ;;
    --connections)
        [[ ${2:-} =~ ^[1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*$ ]] || die "--connections '${2:-}' is not a list of numbers"
        connections=$2
        shift ;;
    --only) IFS=, read -ra only <<<"${2:-}"; shift ;;
    -*) usage ;;
    *) umcg+=("$1") ;;
    esac
    shift
done
[ ${#umcg[@]} -eq 1 ] || usage
for name in "${only[@]}"; do
    [[ " ${all[*]} " == *" $name "* ]] || die "no case '$name' (there are: ${all[*]})"
done

# A word list: paths with spaces are refused rather than split.
under=
if [ -n "${umcg[0]}" ]; then
    path=$(realpath -e -- "${umcg[0]}") || die "no ${umcg[0]}"
    [[ $path != *[[:space:]]* ]] || die "'$path' contains a space"
    case $path in
    *.so) under="env LD_PRELOAD=$path" ;;
    *) under="$path run --" ;;
    esac
    # A library that the loader merely warned about would compare NPTL with itself.
    $under cat /proc/self/maps 2>&1 | grep libumcg-pthread >/dev/null || die "$under does not load libumcg-pthread.so"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/umcg-programs.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DATA=$work/mixed LINES_DATA=$work/lines KEEP=$work/keep CONNECTIONS=$connections
mkdir "$KEEP"
"${CC:-cc}" -O2 -o "$work/gen" "$cases/gen.c" || die "cannot compile gen.c"
"$work/gen" mixed "$size" >"$DATA" || die "no data"
"$work/gen" lines $(((size + 3) / 4)) >"$LINES_DATA" || die "no data"

# run_case NAME KIND PREFIX: leaves KIND.out (what it printed, then its exit status), KIND.err, and adds to
# NAME.KIND.ms and, if the case keeps rates, NAME.KIND.rates.
run_case() {
    local begin end
    rm -rf "$work/run" && mkdir "$work/run"
    begin=$(date +%s%N)
    (
        cd "$work/run" || exit 2
        UNDER=$3 timeout -s KILL "$deadline" "$cases/$1.sh"
        exit $? # its own command, so that it is this shell that says "Killed"
    ) </dev/null >"$work/$2.out" 2>"$work/$2.err"
    local status=$?
    end=$(date +%s%N)
    echo "exit status $status" >>"$work/$2.out"
    echo $(((end - begin) / 1000000)) >>"$work/$1.$2.ms"
    [ ! -f "$work/run/rates" ] || cat "$work/run/rates" >>"$work/$1.$2.rates"
    return $status
}

# A line for each rate that the case kept, medians; more is better.
show_rates() {
    local what nptl ours
    [ -f "$work/$1.nptl.rates" ] || return 0
    for what in $(cut -d' ' -f1 "$work/$1.nptl.rates" | awk '!seen[$0]++'); do
        for kind in nptl umcg; do
            grep -s "^$what " "$work/$1.$kind.rates" | cut -d' ' -f2 | awk '{ print 1000 * $1 }' >"$work/$kind.rate"
        done
        nptl=$(median "$work/nptl.rate")
        ours=$(median "$work/umcg.rate")
        printf '  %-38s %9.0f %9.0f %6s\n' "$what per s" "${nptl/-/0}" "${ours/-/0}" \
            "$(awk -v a="$nptl" -v b="$ours" 'BEGIN { if (a > 0) printf "%.2f", b / a; else print "-" }')"
    done
}

median() {
    sort -n "$1" 2>/dev/null | awk '{ v[NR] = $1 } END { if (NR) printf "%.2f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2000; else print "-" }'
}

show_difference() {
    echo "--- $1: differs in run $2 (- NPTL, + libumcg)"
    diff -U0 "$work/nptl.out" "$work/umcg.out" | tail -n +4 | head -n 20
    tail -n 20 "$work/umcg.err"
}

show_hang() {
    echo "--- $1: no end after $deadline s, in run $2; its last words:"
    tail -n 12 "$work/umcg.err"
}

# 137 is what `timeout -s KILL` leaves behind.
one_program() {
    local name=$1 runs=0 ok=0 differences=0 hangs=0 status
    while [ $runs -lt "$times" ] && [ $((differences + hangs)) -eq 0 ]; do
        if [ $runs -lt "$nptl_runs" ]; then
            [ $runs -eq 0 ] || mv "$work/nptl.out" "$work/nptl.before"
            run_case "$name" nptl "" || { status=$?; cat "$work/nptl.err"; echo "--- $name: fails on NPTL (status $status)"; return 1; }
            [ $runs -eq 0 ] || cmp "$work/nptl.before" "$work/nptl.out" || { echo "--- $name: NPTL differs from itself"; return 1; }
        fi
        run_case "$name" umcg "$under"
        status=$?
        runs=$((runs + 1))
        if [ $status -eq 137 ]; then
            hangs=1
            show_hang "$name" $runs
        elif ! cmp -s "$work/nptl.out" "$work/umcg.out"; then
            differences=1
            show_difference "$name" $runs
        else
            ok=$((ok + 1))
        fi
    done
    local ours reference
    reference=$(median "$work/$name.nptl.ms")
    ours=$(median "$work/$name.umcg.ms")
    printf '%-17s %4d %4d %11d %5d %9s %9s %6s\n' "$name" $runs $ok $differences $hangs "$reference" "$ours" \
        "$(awk -v a="$reference" -v b="$ours" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }')"
    show_rates "$name"
    [ $ok -eq "$times" ]
}

printf '%-17s %4s %4s %11s %5s %9s %9s %6s\n' program runs ok differences hangs "NPTL s" "ours s" ratio
passed=0 failed=0
for name in "${only[@]}"; do
    if one_program "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
