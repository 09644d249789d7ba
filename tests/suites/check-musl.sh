#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches posixtestsuite, builds its programs twice as static ones for musl, plain and with the library, and compares:
#   check-musl.sh RUNNER UMCG-MUSL-GCC DIRECTORY [runner's options] [NAME...]
# LIST=FILE replaces the list of names; BUILD_JOBS compilers run at a time; PLAIN_CC is musl's own wrapper.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 RUNNER UMCG-MUSL-GCC DIRECTORY [OPTION...] [NAME...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
runner=$1
ours=$2
dir=$3
shift 3
list=${LIST:-$here/pts-musl-threads.txt}

build() {
    cut -f1 "$list" | grep -v '^#' |
        CC=$1 xargs -P "${BUILD_JOBS:-2}" -n 16 "$here/build.sh" "$dir/posixtestsuite" "$2" || built=no
}

"$here/fetch.sh" posixtestsuite "$dir"
build "${PLAIN_CC:-musl-gcc} -static" "$dir/musl"
# Those that were linked with an older library are linked anew.
[ ! -d "$dir/musl-umcg" ] || [ -z "$(find "${ours%/*}" -maxdepth 1 -name umcg-pthread.o -newer "$dir/musl-umcg")" ] || rm -rf "$dir/musl-umcg"
build "$ours" "$dir/musl-umcg"
"$runner" --plain musl --programs "$dir/musl" --ours "$dir/musl-umcg" --work "$dir/musl-work" --list "$list" \
    --manners "$here/pts-manners.txt" "$@"
[ "${built:-yes}" = yes ]
