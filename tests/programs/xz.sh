#!/bin/bash
# SPDX-License-Identifier: MIT
# xz -T4 compresses and expands in blocks, one thread each.
. "${0%/*}/common.sh"
round_trip "$DATA" xz -T4 -1 --block-size=1MiB -c -- xz -d -T4 -c
