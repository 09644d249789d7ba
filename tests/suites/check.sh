#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches, builds and runs posixtestsuite on NPTL and under the preload:
#   check.sh RUNNER LIBRARY DIRECTORY [runner's options] [NAME...]
# RUNNER is the built tests/suites/run, LIBRARY the preload library or "" for NPTL against itself.
# LIST=FILE replaces the list of names, as the runner's --list does; BUILD_JOBS compilers run at a time.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 RUNNER LIBRARY DIRECTORY [OPTION...] [NAME...]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
runner=$1
library=$2
dir=$3
shift 3
list=${LIST:-$here/pts-fast-threads.txt}

"$here/fetch.sh" posixtestsuite "$dir"
cut -f1 "$list" | grep -v '^#' |
    xargs -P "${BUILD_JOBS:-2}" -n 16 "$here/build.sh" "$dir/posixtestsuite" "$dir/programs" || built=no
"$runner" --programs "$dir/programs" --work "$dir/work" --list "$list" \
    --manners "$here/pts-manners.txt" ${library:+--lib "$library"} "$@"
[ "${built:-yes}" = yes ]
