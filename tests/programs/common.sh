# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every case shares; a case is one bash script that programs.sh starts in an empty directory, once on
# NPTL and once under the preload. What a case prints is compared byte by byte, and so is its exit status.
#   DATA, LINES_DATA   generated input      UNDER   command prefix; empty on NPTL
#   KEEP               a directory that all runs of all cases share
# A file "rates" in its directory, a name and a number in each line, is shown beside the other side's.
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

# need PROGRAM PACKAGE
need() {
    command -v "$1" >/dev/null || { echo "$1 is missing: install Debian's package $2" >&2; exit 2; }
}

# For servers. The one that runs, if any; it is started without a subshell in between, so that it gets the signals.
server=
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null || :' EXIT

# start_server COMMAND...: what it says goes to server.log.
start_server() {
    # shellcheck disable=SC2086
    ${UNDER:-} "$@" >>server.log 2>&1 &
    server=$!
}

# until_serves COMMAND...: until that succeeds.
until_serves() {
    until "$@" >/dev/null 2>&1; do
        kill -0 "$server" || { cat server.log >&2; exit 1; }
        sleep 0.02
    done
}

# stop_server COMMAND...: what makes it end.
stop_server() {
    local status=0
    "$@" >/dev/null 2>&1 || :
    wait "$server" || status=$?
    server=
    echo "server ended with $status"
}

# A port of the loopback that nobody has.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# rate NAME NUMBER
rate() {
    echo "$1 $2" >>rates
}
