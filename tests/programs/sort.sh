#!/bin/bash
# SPDX-License-Identifier: MIT
# sort --parallel=4, in memory and with temporary files merged.
. "${0%/*}/common.sh"
export LC_ALL=C
under sort --parallel=4 <"$LINES_DATA" >in-memory
under sort --parallel=4 -S 4M -T . <"$LINES_DATA" >merged
cmp in-memory merged
LC_ALL=C sort -c in-memory
sha256sum <in-memory
