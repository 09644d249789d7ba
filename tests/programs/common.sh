# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every case shares; a case is one bash script that programs.sh starts in an empty directory, once on
# NPTL and once under the preload. What a case prints is compared byte by byte, and so is its exit status.
#   DATA, LINES_DATA   generated input      UNDER   command prefix; empty on NPTL
set -euo pipefail

under() {
    # shellcheck disable=SC2086
    ${UNDER:-} "$@"
}

# round_trip FILE COMPRESS... -- EXPAND...: filters, each run under the preload. The checksum printed makes
# the compressed bytes part of the comparison.
round_trip() {
    local file=$1 compress=()
    shift
    while [ "$1" != -- ]; do
        compress+=("$1")
        shift
    done
    shift
    under "${compress[@]}" <"$file" >packed
    under "$@" <packed | cmp - "$file"
    sha256sum <packed
}
