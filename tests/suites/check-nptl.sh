#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches glibc's sources, builds its tests of threads and runs them on NPTL and under the preload:
#   check-nptl.sh RUNNER LIBRARY DIRECTORY [runner's options] [NAME...]
# as check.sh does with posixtestsuite. LIST=FILE replaces the list of names.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 RUNNER LIBRARY DIRECTORY [OPTION...] [NAME...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
runner=$1
library=$2
mkdir -p "$3"
dir=$(cd "$3" && pwd)
shift 3
list=${LIST:-$here/nptl.txt}
programs=$dir/nptl-programs

"$here/fetch.sh" glibc "$dir"
# shellcheck disable=SC2046
"$here/glibc/build.sh" "$dir/glibc" "$programs" $(grep -v '^#' "$list" | cut -f1) || built=no
# glibc runs its tests where their sources lie, and some open the makefile there.
for name in $(grep -v '^#' "$list" | cut -f1 | tr / _); do
    mkdir -p "$dir/nptl-work/$name.nptl" "$dir/nptl-work/$name.umcg"
    ln -sf "$dir/glibc/nptl/Makefile" "$dir/nptl-work/$name.nptl"
    ln -sf "$dir/glibc/nptl/Makefile" "$dir/nptl-work/$name.umcg"
done
# The tests have deadlines of their own and clean up at them; this one is for what hangs beyond.
"$runner" --programs "$programs" --work "$dir/nptl-work" --list "$list" --deadline 150 \
    --manners "$programs/manners.txt" ${library:+--lib "$library"} "$@"
[ "${built:-yes}" = yes ]
