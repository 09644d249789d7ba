#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds programs of posixtestsuite, unmodified: build.sh SOURCES PROGRAMS NAME... compiles
# SOURCES/NAME.c to PROGRAMS/NAME. Names what does not build and then exits with 1.
set -u
[ $# -ge 2 ] || { echo "usage: $0 SOURCES PROGRAMS NAME..." >&2; exit 2; }
sources=$1
programs=$2
shift 2
# The suite dates from 2005: some files lean on headers that others included then, and one function
# has since lost its _np name.
dialect="-g -O2 -w -std=gnu99 -D_POSIX_C_SOURCE=200112L -D_XOPEN_SOURCE=600 -D_GNU_SOURCE"
forgotten="-include signal.h -include fcntl.h -include unistd.h -include string.h"
renamed="-Dpthread_mutex_setconsistency_np(mutex,state)=pthread_mutex_consistent(mutex)"
failed=0

compile() {
    # shellcheck disable=SC2086
    ${CC:-cc} $dialect "$renamed" "$@" -I"$sources/include" -I"$folder" -I"$folder/../include" \
        "$sources/$name.c" -o "$out.new" -lpthread -lrt -lm 2>"$out.log" && mv "$out.new" "$out"
}

for name; do
    out=$programs/$name
    folder=$sources/${name%/*}
    [ "$out" -nt "$sources/$name.c" ] && continue
    mkdir -p "${out%/*}"
    # shellcheck disable=SC2086
    if compile || compile $forgotten; then
        rm -f "$out.log"
    else
        echo "DOES NOT BUILD $name (see $out.log)"
        failed=1
    fi
done
exit $failed
