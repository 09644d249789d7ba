#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds tests of glibc's source tree, unmodified, against the installed libc: build.sh SOURCES PROGRAMS
# NAME... where NAME is PART/TEST as glibc itself names them, such as nptl/tst-cond1. The tree's own
# makefiles know flags, modules and arguments; PROGRAMS/manners.txt says how each test is started.
# Names what does not build and then exits with 1.
set -u
[ $# -ge 2 ] || { echo "usage: $0 SOURCES PROGRAMS NAME..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
sources=$(cd "$1" && pwd)
mkdir -p "$2"
programs=$(cd "$2" && pwd)
shift 2
failed=0

# make_in PART TARGET...: the rules of SOURCES/PART. -I makes its ../Makeconfig and ../Rules ours.
make_in() {
    part=$1
    shift
    mkdir -p "$programs/$part"
    (cd "$programs/$part" && MAKEFLAGS='' make -r -k -j "${BUILD_JOBS:-2}" -f "$sources/$part/Makefile" \
        -I "$here/stubs" stubs="$here/stubs" glibc="$sources" machine="$(uname -m)" \
        CC="${CC:-cc}" CXX="${CXX:-c++}" AR="${AR:-ar}" "$@") >"$programs/$part.log" 2>&1
}

library=$programs/support/libsupport.a
make_in support "$library" || { echo "DOES NOT BUILD support (see $programs/support.log)"; exit 1; }
for folder in $(printf '%s\n' "$@" | sed 's,/.*,,' | sort -u); do
    # shellcheck disable=SC2046
    make_in "$folder" libsupport="$library" \
        $(printf "$programs/%s.out\n" "$@" | grep -F "$programs/$folder/")
done

: >"$programs/manners.txt"
for name; do
    if [ -x "$programs/$name" ] && [ -e "$programs/$name.out" ]; then
        cat "$programs/$name.out" >>"$programs/manners.txt"
    else
        echo "DOES NOT BUILD $name (see $programs/${name%/*}.log)"
        failed=1
    fi
done
exit $failed
