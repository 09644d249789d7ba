#!/bin/bash
# SPDX-License-Identifier: MIT
# pigz with four compressing threads; unpigz reads, expands, writes and checks in threads of its own. Once
# through a file and once through a pipe between the two.
. "${0%/*}/common.sh"
round_trip "$DATA" pigz -p4 -c -- unpigz -c
under pigz -p4 -c <"$DATA" | under unpigz -c | cmp - "$DATA"
